"""Pieces of a matrix product that stay in the processor's registers while they are summed, of which it is made.

Compilers find no such pieces by themselves. They are written down as LLVM's instructions, with vectors of 32 bytes. For
a processor that has shorter ones, or no fused multiply-add, LLVM takes these apart, and the bits are the same.
"""

from collections.abc import Callable

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

BYTES = 32  # of a vector
WHOLE = ir.IntType(64)


def tile(rows: int, vectors: int) -> Callable:
    """The function (out, a, b, i, j) that adds a b to a tile of `out`: so many rows from i, so many vectors from j.

    Every sum is in the order of k, each term added by fma. All are matrices of one type, a (M, K), b with K lines or
    more. Numbers of a line lie side by side in `out` and b.
    """

    @intrinsic
    def add_product(context, out, a, b, i, j):
        def generate(target, builder, signature, given):
            typed = zip(signature.args[:3], given[:3], strict=True)
            matrices = [target.make_array(kind)(target, builder, value) for kind, value in typed]
            return Tile(target, builder, out.dtype, matrices).add(*given[3:], rows, vectors)

        return types.void(out, a, b, types.int64, types.int64), generate

    return add_product


class Tile:
    """Writes the instructions of a tile, of matrices out, a and b of one type of number."""

    def __init__(self, target, builder, dtype, matrices: list):
        self.target, self.builder, self.size = target, builder, dtype.bitwidth // 8
        self.number = target.get_data_type(dtype)
        self.lanes = BYTES // self.size
        self.vector = ir.VectorType(self.number, self.lanes)
        self.starts = [builder.ptrtoint(matrix.data, WHOLE) for matrix in matrices]
        self.strides = [cgutils.unpack_tuple(builder, matrix.strides) for matrix in matrices]
        self.depth = cgutils.unpack_tuple(builder, matrices[1].shape)[1]

    def add(self, i, j, rows: int, vectors: int):
        """The instructions: the tile is read, all of its sums go on by a term for each k, and it is written."""
        builder, (out, a, b) = self.builder, self.starts
        column = builder.mul(j, WHOLE(self.size))
        lines = [builder.add(i, WHOLE(row)) for row in range(rows)]
        starts = [self.moved(self.moved(out, line, self.strides[0][0]), column) for line in lines]
        places = [builder.add(start, WHOLE(v * BYTES)) for start in starts for v in range(vectors)]
        of_a = [self.moved(a, line, self.strides[1][0]) for line in lines]
        read = [self.read(place, self.vector) for place in places]
        before, loop, end = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.cbranch(builder.icmp_signed(">", self.depth, WHOLE(0)), loop, end)

        builder.position_at_end(loop)
        k = builder.phi(WHOLE)
        sums = [builder.phi(self.vector) for _ in places]
        line = self.moved(self.moved(b, k, self.strides[2][0]), column)
        right = [self.read(builder.add(line, WHOLE(v * BYTES)), self.vector) for v in range(vectors)]
        left = [self.spread(self.read(self.moved(start, k, self.strides[1][1]), self.number)) for start in of_a]
        terms = [(x, y) for x in left for y in right]
        added = [builder.call(self.fma, [x, y, total]) for (x, y), total in zip(terms, sums, strict=True)]
        following = builder.add(k, WHOLE(1))
        for phi, first, then in zip([k, *sums], [WHOLE(0), *read], [following, *added], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(then, loop)
        builder.cbranch(builder.icmp_signed("<", following, self.depth), loop, end)

        builder.position_at_end(end)
        ends = [builder.phi(self.vector) for _ in places]
        for phi, first, then in zip(ends, read, added, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(then, loop)
        for place, total in zip(places, ends, strict=True):
            builder.store(total, self.pointer(place, self.vector)).align = self.size
        return self.target.get_dummy_value()

    @property
    def fma(self):
        """LLVM's fused multiply-add of vectors."""
        name = f"llvm.fma.v{self.lanes}f{8 * self.size}"
        known = self.builder.module.globals.get(name)
        return known or ir.Function(self.builder.module, ir.FunctionType(self.vector, [self.vector] * 3), name)

    def moved(self, address, count, stride=None):
        """An address so many strides further on, or bytes without one."""
        return self.builder.add(address, count if stride is None else self.builder.mul(count, stride))

    def pointer(self, address, kind):
        return self.builder.inttoptr(address, ir.PointerType(kind))

    def read(self, address, kind):
        """What lies at an address, which need not be a multiple of more than a number's size."""
        found = self.builder.load(self.pointer(address, kind))
        found.align = self.size
        return found

    def spread(self, number):
        """A vector of one number."""
        nothing, place = ir.Constant(self.vector, ir.Undefined), ir.IntType(32)
        first = self.builder.insert_element(nothing, number, place(0))
        everywhere = ir.Constant(ir.VectorType(place, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, nothing, everywhere)
