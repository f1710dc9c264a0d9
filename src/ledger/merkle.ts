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

/** A tree to which many leaves are added one after the other; the same as calling {@link extend} as often, only faster. */
export type GrowingTree = {
  readonly size: () => number
  /** Adds one leaf, given in hex like an entry's hash. */
  readonly add: (leaf: string) => void
  readonly frontier: () => Frontier
}

/** Starts from `frontier`, which stays as it is. */
export function growingFrom(frontier: Frontier): GrowingTree {
  // One buffer for every leaf and one for every node, and digests as text: making buffers costs several times the hashing.
  const leafBytes = Buffer.concat([leafPrefix, Buffer.alloc(32)])
  const nodeBytes = Buffer.concat([nodePrefix, Buffer.alloc(64)])
  const nodes = frontier.nodes.map((node) => node.toString('hex'))
  let size = frontier.size

  return {
    size: () => size,
    add(leaf) {
      // What is not 32 bytes of hex stands in a damaged file only.
      const fits = leaf.length === 64 && leafBytes.write(leaf, 1, 'hex') === 32
      let node = hash('sha256', fits ? leafBytes : Buffer.concat([leafPrefix, Buffer.from(leaf, 'hex')]), 'hex')
      for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
        const left = nodes.pop()
        if (left === undefined) throw new Error(nodeMissing)
        nodeBytes.write(left, 1, 'hex')
        nodeBytes.write(node, 33, 'hex')
        node = hash('sha256', nodeBytes, 'hex')
      }
      nodes.push(node)
      size += 1
    },
    frontier: () => ({ size, nodes: nodes.map((node) => Buffer.from(node, 'hex')) }),
  }
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
const nodeMissing = 'a frontier must hold one node for every set bit of its size'

function parent(left: Buffer | undefined, right: Buffer): Buffer {
  if (left === undefined) throw new Error(nodeMissing)
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
