import { hash } from 'node:crypto'

/**
 * The right edge of an RFC 6962 tree: the roots of its perfect subtrees, largest first, one for every set bit of `size`.
 * It is all that is needed to add leaves and to name the root, in O(log n) space and time.
 */
export type Frontier = { readonly size: number; readonly nodes: readonly Buffer[] }

export const emptyFrontier: Frontier = { size: 0, nodes: [] }

/** The frontier after one more leaf; `leaf` is the leaf's data (for the ledger: the 32 bytes of an entry's hash). */
export function extend(frontier: Frontier, leaf: Buffer): Frontier {
  const nodes = [...frontier.nodes]
  let node = sha256(leafPrefix, leaf)
  // Adding one is binary counting: every trailing 1 of the size is a full subtree that the new node completes.
  for (let size = frontier.size; size % 2 === 1; size = (size - 1) / 2) node = parent(nodes.pop(), node)
  nodes.push(node)
  return { size: frontier.size + 1, nodes }
}

/** The Merkle Tree Hash of RFC 6962, section 2.1: 32 bytes. */
export function rootOf(frontier: Frontier): Buffer {
  const root = frontier.nodes.reduceRight<Buffer | undefined>(
    (right, left) => (right === undefined ? left : parent(left, right)),
    undefined,
  )
  return root ?? sha256()
}

/** The nodes one after the other; with the size they can be taken apart again. */
export function encodeNodes(frontier: Frontier): Buffer {
  return Buffer.concat(frontier.nodes)
}

/** The frontier that {@link encodeNodes} wrote, or `undefined` when the bytes do not fit the size. */
export function decodeFrontier(size: number, bytes: Buffer): Frontier | undefined {
  if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== setBits(size) * 32) return undefined
  const nodes = Array.from({ length: bytes.length / 32 }, (_, index) => bytes.subarray(index * 32, index * 32 + 32))
  return { size, nodes }
}

// RFC 6962 tells leaves from nodes by one byte, so that no inner node can be passed off as an entry.
const leafPrefix = Buffer.from([0])
const nodePrefix = Buffer.from([1])

function parent(left: Buffer | undefined, right: Buffer): Buffer {
  if (left === undefined) throw new Error('a frontier must hold one node for every set bit of its size')
  return sha256(nodePrefix, left, right)
}

function setBits(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}

function sha256(...parts: readonly Buffer[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer')
}
