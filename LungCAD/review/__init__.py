"""Review: slice by slice, every decision and every edit recorded, and what was accepted exported.

>>> from LungCAD.review import Decision, Facts, Review
>>> review = Review.begin(folder, labels, provenance, facts, case="case-1a", reviewer="AB")  # doctest: +SKIP
>>> review.decide(34, Decision.ACCEPT)  # doctest: +SKIP
"""

from LungCAD.review.agreement import Agreement, ClassAgreement, agreement
from LungCAD.review.archive import ledger_text, restore, voxels_text, whose
from LungCAD.review.dataset import Case, Dataset, read_dataset
from LungCAD.review.entry import Decision, Entry, Kind
from LungCAD.review.export import export_case
from LungCAD.review.ledger import Ledger
from LungCAD.review.masks import Masks
from LungCAD.review.pseudonyms import (
    case_pseudonym,
    case_pseudonym_in_steps,
    patient_pseudonym,
    secret_key,
)
from LungCAD.review.replay import replay
from LungCAD.review.review import Edit, Facts, Review
from LungCAD.review.stack import from_stack, slices_first, slices_last, stack_view, to_stack
from LungCAD.review.state import State
from LungCAD.review.two_readers import agreement_of_reviews
from LungCAD.review.voxel_files import VoxelFiles
from LungCAD.review.worklist import (
    POSITION,
    Tally,
    disagreement_ml,
    is_done,
    next_open,
    tally,
    uncertain_ml,
    worklist,
)

__all__ = [
    "POSITION",
    "Agreement",
    "Case",
    "ClassAgreement",
    "Dataset",
    "Decision",
    "Edit",
    "Entry",
    "Facts",
    "Kind",
    "Ledger",
    "Masks",
    "Review",
    "State",
    "Tally",
    "VoxelFiles",
    "agreement",
    "agreement_of_reviews",
    "case_pseudonym",
    "case_pseudonym_in_steps",
    "disagreement_ml",
    "export_case",
    "from_stack",
    "is_done",
    "ledger_text",
    "next_open",
    "patient_pseudonym",
    "read_dataset",
    "replay",
    "restore",
    "secret_key",
    "slices_first",
    "slices_last",
    "stack_view",
    "tally",
    "to_stack",
    "uncertain_ml",
    "voxels_text",
    "whose",
    "worklist",
]
