/**
 * Which process of Autentico gave an answer. Its `X-Request-ID` is an xid: four bytes of time, five of machine and process, and
 * a counter of three bytes that begins at a random number in each process.
 */
export type ProcessMark = { readonly maker: string; readonly counter: number }

/** The mark in a request id, undefined for an id of another kind, such as a proxy's own. */
export function processMark(requestId: string | undefined): ProcessMark | undefined {
  if (requestId === undefined || !/^[0-9a-v]{20}$/.test(requestId)) return undefined
  const bits = requestId.replaceAll(/./g, (digit) => Number.parseInt(digit, 32).toString(2).padStart(5, '0'))
  const bytes = bits.slice(0, 96)
  return { maker: bytes.slice(32, 72), counter: Number.parseInt(bytes.slice(72), 2) }
}

/**
 * Whether the later mark can be of the same process: the same maker, and a counter that has gone on by no more than a busy
 * server counts between two looks. By chance it is so once in some thousands of restarts.
 */
export function sameProcess(earlier: ProcessMark, later: ProcessMark): boolean {
  const counted = (later.counter - earlier.counter + 0x1000000) % 0x1000000
  return earlier.maker === later.maker && counted > 0 && counted <= 5_000
}
