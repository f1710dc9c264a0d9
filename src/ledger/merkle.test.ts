import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrontier, emptyFrontier, encodeNodes, extend, type Frontier, growingFrom, rootOf } from './merkle.ts'

const treeOf = (leaves: readonly Buffer[]): Frontier => leaves.reduce(extend, emptyFrontier)

describe('the reference vectors of RFC 6962 implementations', () => {
  const leaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
  test.for(
    [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ].map((root, size) => ({ size, root })),
  )('the root of $size leaves', ({ size, root }) => {
    const tree = treeOf(leaves.slice(0, size).map((leaf) => Buffer.from(leaf, 'hex')))
    expect(rootOf(tree).toString('hex')).toBe(root)
  })
})

/** The definition in RFC 6962, section 2.1, word for word. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const hash = (...parts: readonly Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest()
  const [only] = leaves
  if (only === undefined) return hash()
  if (leaves.length === 1) return hash(Buffer.from([0]), only)
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return hash(Buffer.from([1]), naiveRoot(leaves.slice(0, half)), naiveRoot(leaves.slice(half)))
}

const leaf = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes))

test('growing leaf by leaf gives the root of the recursive definition', () => {
  fc.assert(
    fc.property(fc.array(leaf, { maxLength: 130 }), (leaves) => {
      expect(rootOf(treeOf(leaves))).toEqual(naiveRoot(leaves))
    }),
    { seed: 20_261_123, numRuns: 150 },
  )
})

test('a frontier that was written down goes on as if it had not been', () => {
  fc.assert(
    fc.property(fc.array(leaf, { maxLength: 70 }), fc.array(leaf, { maxLength: 20 }), (before, after) => {
      const tree = treeOf(before)
      const restored = decodeFrontier(tree.size, encodeNodes(tree))
      if (restored === undefined) throw new Error('the bytes fit the size')
      expect(rootOf(after.reduce(extend, restored))).toEqual(rootOf(treeOf([...before, ...after])))
    }),
    { seed: 20_261_123, numRuns: 100 },
  )
})

test('bytes that do not fit the size are not a frontier', () => {
  const bytes = encodeNodes(treeOf([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]))
  expect(decodeFrontier(3, bytes)).toBeDefined()
  expect(decodeFrontier(4, bytes)).toBeUndefined()
  expect(decodeFrontier(3, bytes.subarray(1))).toBeUndefined()
  expect(decodeFrontier(-1, Buffer.alloc(0))).toBeUndefined()
})

test('a growing tree is at every size what adding leaf by leaf gives, and leaves where it started as it was', () => {
  // Hex of any length and no hex at all: that is what a damaged file may hold.
  const text = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    fc.string({ unit: 'binary', maxLength: 140 }),
    fc.stringMatching(/^[0-9a-fA-F]{60,140}$/),
  )
  fc.assert(
    fc.property(fc.array(leaf, { maxLength: 40 }), fc.array(text, { maxLength: 40 }), (before, after) => {
      let expected = treeOf(before)
      const start = encodeNodes(expected)
      const first = expected
      const growing = growingFrom(first)
      for (const hash of after) {
        expected = extend(expected, Buffer.from(hash, 'hex'))
        growing.add(hash)
        expect(growing.size()).toBe(expected.size)
        expect(growing.frontier()).toEqual(expected)
      }
      expect(encodeNodes(first)).toEqual(start)
    }),
    { seed: 20_261_123, numRuns: 200 },
  )
})
