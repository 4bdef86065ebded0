"""CumSum and CumProd: running sums and products."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.draws.drawing import Draw, Drawn, allowed, array, axis, draws, sizes, some, versions
from tests.ops.draws.reductions import summable


@draws("CumSum", "CumProd", opsets=versions)
def cumulative(draw: Draw, opset: int, operator: str) -> Drawn:
    dtype = draw(st.sampled_from(allowed(operator, opset)))
    shape = sizes(draw, (1, 4))
    x = summable(draw, shape, dtype) if operator == "CumSum" else array(draw, shape, dtype)
    along = np.array(axis(draw, x.ndim), draw(st.sampled_from((np.int32, np.int64))))
    return Drawn([x, along], some(draw, exclusive=st.integers(0, 1), reverse=st.integers(0, 1)))
