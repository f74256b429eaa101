"""`lungcad phantom`: make a synthetic chest CT with known truth, or measure how hard the phantom is."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from PIL import Image

from LungCAD.cli.console import progress_bar
from LungCAD.cli.options import add_output, at_least_one
from LungCAD.errors import InputError
from LungCAD.files import atomic_folder, refuse_results, write_json
from LungCAD.images import write_image, write_segmentation
from LungCAD.labels import load_schema
from LungCAD.phantom import BENCHMARK, PhantomStudy, StudyParameters, draw_rois, make_radiograph, make_study
from LungCAD.phantom.difficulty import difficulty_report, measure_difficulty
from LungCAD.progress import part


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    defaults = BENCHMARK
    parser.add_argument("--seed", type=int, default=0, help="of patient, disease and noise (default: 0)")
    for name, unit in (("size", "voxels"), ("spacing", "mm")):
        default = getattr(defaults, name)
        help = f"in {unit} (default: {' '.join(map(str, default))})"
        kind = type(default[0])
        parser.add_argument(
            f"--{name}", type=kind, nargs=3, metavar=("X", "Y", "Z"), default=default, help=help
        )
    parser.add_argument(
        "--thickness", type=float, default=defaults.thickness, help="of a slice in mm (default: %(default)s)"
    )
    parser.add_argument("--schema", default=defaults.schema, help="whose diseases to paint (default: gao5)")
    parser.add_argument("--noise", type=float, default=defaults.noise, help="in HU (default: %(default)s)")
    parser.add_argument(
        "--kernel",
        default=defaults.kernel,
        choices=("soft", "standard", "sharp"),
        help="of the reconstruction (default: %(default)s)",
    )
    parser.add_argument("--healthy", action="store_true", help="paint no disease")
    parser.add_argument("--heavy", action="store_true", help="paint disease in three quarters of the lung")
    parser.add_argument(
        "--difficulty", action="store_true", help="measure the difficulty gate over some seeds instead"
    )
    parser.add_argument(
        "--studies", type=at_least_one, default=3, metavar="N", help="of the gate (default: 3)"
    )
    add_output(parser, required=False)


def run(options: argparse.Namespace) -> int:
    """Write the study; with --difficulty print the gate, and write difficulty.json if -o names a folder."""
    if options.difficulty:
        return _measure_difficulty(options)
    if options.output is None:
        raise InputError("-o", "is missing", "Name the output folder")
    refuse_results(options.output)
    with atomic_folder(options.output, options.overwrite) as folder, progress_bar(options.quiet) as progress:
        write_study(make_study(_parameters(options), part(progress, 0.0, 0.8)), folder)
    if not options.quiet:
        print(f"Wrote the study to {options.output}; its truth is in truth.seg.nrrd")
    return 0


def _measure_difficulty(options: argparse.Namespace) -> int:
    seeds = range(options.seed, options.seed + options.studies)
    with progress_bar(options.quiet) as progress:
        result = measure_difficulty(_parameters(options), seeds, progress=progress)
    if options.output is not None:
        with atomic_folder(options.output, options.overwrite) as folder:
            write_json(folder / "difficulty.json", result)
    print(difficulty_report(result))
    return 0 if result["passed"] else 1


def _parameters(options: argparse.Namespace) -> StudyParameters:
    return StudyParameters(
        size=tuple(options.size),
        spacing=tuple(options.spacing),
        thickness=options.thickness,
        seed=options.seed,
        schema=options.schema,
        disease=not options.healthy,
        heavy=options.heavy,
        noise=options.noise,
        kernel=options.kernel,
    )


def write_study(study: PhantomStudy, folder: Path) -> None:
    """Write the CT, its truth, the lungs, a reader's sparse regions and the radiograph."""
    schema = load_schema(study.schema)
    write_image(study.ct, folder / "ct.nii.gz")
    write_segmentation(study.labels, schema, folder / "truth.seg.nrrd")
    write_segmentation(study.lungs, load_schema("lungs"), folder / "lungs.seg.nrrd")
    rois = draw_rois(study.labels, study.lungs, study.seed)
    write_segmentation(rois, schema, folder / "rois.seg.nrrd")
    film, mask = make_radiograph(study.ct, study.lungs)
    for name, picture in (("radiograph.png", film * 255), ("radiograph_lungs.png", mask)):
        Image.fromarray(sitk.GetArrayFromImage(picture).astype(np.uint8)).save(folder / name)
    write_json(folder / "phantom.json", dataclasses.asdict(study.parameters))
