"""A campaign's contributions as a data set: rows, versions, files in formats that others read."""

from crowdsft.dataset.formats import FORMATS, write_dataset
from crowdsft.dataset.rows import Dataset, Row, dataset_version

__all__ = ["FORMATS", "Dataset", "Row", "dataset_version", "write_dataset"]
