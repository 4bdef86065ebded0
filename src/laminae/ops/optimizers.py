"""Steps of optimizers: a list of tensors, their gradients, and what is kept from step to step, one list after another."""

from laminae.base.errors import ShapeError
from laminae.base.shapes import Spec


def parted(inputs, parts):
    """The lists that the inputs are; raises ShapeError where they are not of equal length."""
    count, over = divmod(len(inputs), parts)
    if over:
        raise ShapeError(f"the inputs after R and T are not {parts} lists of equal length", {"found": len(inputs)})
    return [inputs[i * count : (i + 1) * count] for i in range(parts)]


def stepped_shape(parts):
    """The rule: new tensors, then what is kept, each of the shape it had."""

    def rule(R, T, *inputs, **attributes):
        X, _, *kept = parted(inputs, parts)
        return tuple(Spec(x.dtype, x.dims) for some in (X, *kept) for x in some)

    return rule


def stepping_cost(parts, operations):
    """The rule: so many operations for each element of the tensors that are to learn."""

    def rule(R, T, *inputs, **attributes):
        return operations * sum(x.size for x in parted(inputs, parts)[0])

    return rule


def stepped(step, inputs, parts):
    """`step` of each (tensor, gradient, kept …), given out list by list, in their dtype: a rate of another does not change it."""
    made = [step(*one) for one in zip(*parted(inputs, parts), strict=True)]
    return tuple(value.to(inputs[0].dtype) for some in zip(*made, strict=True) for value in some)
