import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** A block of addresses, written as its first address and its length: `10.0.0.0/8`, `2001:db8::/32`. Canonical text. */
export type Network = {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  readonly prefix: number
}

/** What came of a list of networks: all of them or every problem; `notes` say what was changed on the way. */
export type ReadNetworks =
  | { readonly kind: 'networks'; readonly networks: readonly Network[]; readonly notes: readonly string[] }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] }

/** A proxy looks through the list for every request; a list longer than this belongs into a firewall. */
const mostNetworks = 100

/**
 * Reads networks from what a person typed: separated by spaces, commas, semicolons or lines. A single address becomes a
 * network of one. What another one covers is left out. Nothing that was typed is in the result, only what it meant.
 */
export function readNetworks(text: string): ReadNetworks {
  const words = text.split(/[\s,;]+/).filter((word) => word !== '')
  if (words.length > mostNetworks) {
    return unusable([
      `${words.length} networks are more than the ${mostNetworks} that fit. Sum them up in larger ones, or use a firewall.`,
    ])
  }
  const read = words.map(readNetwork)
  const problems = read.filter((one) => typeof one === 'string')
  if (problems.length > 0) return unusable(problems)
  return { kind: 'networks', ...merge(read.filter((one) => typeof one !== 'string')) }
}

export function written({ address, prefix }: Network): string {
  return `${address}/${prefix}`
}

/** Whether an address lies in one of the networks. An IPv4 address that came by an IPv6 socket counts as IPv4. */
export function contains(networks: readonly Network[], address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '')
  const list = new BlockList()
  for (const network of networks) list.addSubnet(network.address, network.prefix, network.family)
  return (isIPv4(plain) || isIPv6(plain)) && list.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
}

function unusable(problems: readonly string[]): ReadNetworks {
  return { kind: 'unusable', problems }
}

/** The network, or what is wrong with it. */
function readNetwork(word: string): Network | string {
  const [address = '', prefixText, ...rest] = word.split('/')
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) && !address.includes('%') ? 'ipv6' : undefined
  if (family === undefined || rest.length > 0) {
    return `${quoted(word)} is not a network. Write it like 192.0.2.0/24, 2001:db8::/32, or one address.`
  }
  const bits = family === 'ipv4' ? 32 : 128
  const prefix = prefixText === undefined ? bits : lengthOf(prefixText, bits)
  if (prefix === undefined) {
    return `${quoted(word)}: the length after the / is a whole number from 0 to ${bits}.`
  }
  const value = valueOf(address, family)
  if (family === 'ipv6' && value >> 32n === 0xffffn) {
    return `${quoted(word)} is an IPv4 address in IPv6 clothes, which a proxy does not see. Write it as IPv4.`
  }
  const hostBits = (1n << BigInt(bits - prefix)) - 1n
  const first: Network = { family, address: textOf(value & ~hostBits, family), prefix }
  if (isTooWide(first)) {
    return `${quoted(word)} lets ${prefix === 0 ? 'everybody' : 'a large part of the internet'} in. Name the networks that administrators come from.`
  }
  if ((value & hostBits) !== 0n) {
    return `${quoted(word)} is in the middle of a network. Write ${written(first)} for the whole network, or ${textOf(value, family)}/${bits} for that one address.`
  }
  return first
}

function lengthOf(text: string, bits: number): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(text) && Number(text) <= bits ? Number(text) : undefined
}

/** Wider than what any one organisation has; fc00::/7 is all of IPv6's private addresses. */
function isTooWide({ family, address, prefix }: Network): boolean {
  if (family === 'ipv4') return prefix < 8
  return prefix < 16 && !(prefix >= 7 && /^f[cd]00::$/.test(address))
}

function merge(given: readonly Network[]): {
  readonly networks: readonly Network[]
  readonly notes: readonly string[]
} {
  const networks: Network[] = []
  const notes: string[] = []
  // The widest first, so that each is met after whatever could cover it.
  for (const one of given.toSorted((a, b) => a.prefix - b.prefix)) {
    const cover = networks.find((other) => other.family === one.family && contains([other], one.address))
    if (cover === undefined) networks.push(one)
    else if (cover.prefix === one.prefix) notes.push(`${written(one)} was given twice.`)
    else notes.push(`${written(one)} is left out: ${written(cover)} covers it.`)
  }
  return { networks: given.filter((one) => networks.includes(one)), notes }
}

function valueOf(address: string, family: Network['family']): bigint {
  if (family === 'ipv4') return join(address.split('.').map(Number), 8n)
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const [left, right] = [groups(head), groups(tail ?? '')]
  const gap = tail === undefined ? 0 : 8 - left.length - right.length
  return join([...left, ...Array.from({ length: gap }, () => 0), ...right], 16n)
}

function groups(text: string): readonly number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}

function join(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n)
}

function textOf(value: bigint, family: Network['family']): string {
  const [count, bits] = family === 'ipv4' ? [4, 8] : [8, 16]
  const parts = Array.from(
    { length: count },
    (_, index) => (value >> BigInt((count - 1 - index) * bits)) & ((1n << BigInt(bits)) - 1n),
  )
  if (family === 'ipv4') return parts.join('.')
  return new URL(`http://[${parts.map((part) => part.toString(16)).join(':')}]/`).hostname.slice(1, -1)
}

/** A value as it may be repeated: short, on one line, plainly somebody's words. */
export function quoted(text: string): string {
  const line = text.replaceAll(/[^\x20-\x7e]/g, '?')
  return `“${line.length > 50 ? `${line.slice(0, 49)}…` : line}”`
}
