"""Dtypes for which torch has no kernel (uint16, uint32, uint64 above all), computed by NumPy, which has every one."""

import numpy as np

from laminae.base.arrays import as_numpy, as_tensor


def in_numpy(function, *tensors):
    """The function of NumPy arrays on these tensors, as a tensor of theirs on their device. Wraps as unsigned arithmetic does."""
    with np.errstate(all="ignore"):
        return as_tensor(np.asarray(function(*map(as_numpy, tensors)))).to(tensors[0].device)
