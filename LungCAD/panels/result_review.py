"""A new result and its review: open where its scan is still chosen, else kept for when it is again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from LungCAD.panels import review_settings as settings
from LungCAD.panels.review import ReviewPanel
from LungCAD.steps import Steps

if TYPE_CHECKING:
    from LungCAD.mrml.reviewed_case import Subject


def review_result_in_steps(review: ReviewPanel, subject: Subject, is_chosen: bool) -> Steps[None]:
    """Open the review of a result, or go on in the one that is open of the same labels.

    Where another scan is chosen, and its labels are not under review, they are hidden: the views are not
    theirs. Disk and scene keep their review, which opens when their scan is chosen again.
    """
    from LungCAD.mrml.reviewed_case import review_in_steps

    is_open = review.case is not None and review.case.labels.node is subject.labels
    if is_chosen or is_open:
        yield from review.result_in_steps(subject)
        return
    subject.labels.SetDisplayVisibility(False)
    if review.head.reader:
        case = yield from review_in_steps(subject, settings.reviews_folder(), review.head.reader)
        case.close()
