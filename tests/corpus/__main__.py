"""`python -m tests.corpus fetch DIR`: downloads the pinned wheels that carry real migrations and unpacks them below DIR.

They are read, never imported. Everything is done by pip; nothing else is needed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEELS = (
    "aiida-core==2.9.4",
    "apache-airflow-core==3.3.2",
    "dagster==1.13.29",
    "dstack==0.22.5",
    "mlflow==3.18.0",
    "neutron==29.0.0",
    "prefect==3.9.1",
    "skyvern==1.0.56",
    "zenml==0.98.0",
)
MORE_WHEELS = (
    "apache-superset==6.1.0",
    "argilla-server==2.8.0",
    "arize-phoenix==20.26.1",
    "ckan==2.12.0",
    "galaxy-data==26.1.2",
    "indico==3.3.14",
    "jupyterhub==6.1.1",
    "langflow-base==1.13.0",
    "lemur==1.9.3",
    "optuna==5.0.0",
)


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.corpus", description=__doc__)
    arguments.add_argument("command", choices=("fetch",))
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--more", action="store_true", help="ten more projects")
    options = arguments.parse_args()
    missing = []
    for wheel in WHEELS + (MORE_WHEELS if options.more else ()):
        try:
            fetch(wheel, options.folder)
        except subprocess.CalledProcessError:
            missing.append(wheel)
    if missing:
        sys.exit(f"pip could not download {', '.join(missing)}")


def fetch(wheel: str, folder: Path) -> None:
    """Unpacks one wheel into a folder of its own name, unless it is there already."""
    target = folder / wheel.replace("==", "-")
    if target.exists():
        return
    with tempfile.TemporaryDirectory() as download:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.12"]
        subprocess.run([*pip, "--dest", download, wheel], check=True)
        with zipfile.ZipFile(next(Path(download).glob("*.whl"))) as archive:
            archive.extractall(target)
    print(target)


if __name__ == "__main__":
    main()
