import { crc32, deflateSync, inflateSync } from 'node:zlib'

/**
 * The same picture in a third of the bytes: at most 256 colours, which a picture of a page hardly exceeds. Takes what Chromium makes: 8 bits a
 * channel, without a transparent part, not interlaced (PNG, third edition, sections 7, 9 and 11). Throws for anything else.
 */
export function slimPng(png: Buffer): Buffer {
  const { width, height, pixels } = read(png)
  const palette = commonColours(pixels)
  const index = indexer(palette)
  // Each line begins with its filter: none, which suits a palette best.
  const lines = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) lines[y * (width + 1) + x + 1] = index(pixels[y * width + x] ?? 0)
  }
  const header = Buffer.from(chunksOf(png).get('IHDR') ?? '')
  header[9] = 3 // Colours come from a palette.
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]))
  return Buffer.concat([
    png.subarray(0, 8),
    chunk('IHDR', header),
    chunk('PLTE', colours),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

type Picture = {
  readonly width: number
  readonly height: number /** 0xrrggbb, line by line. */
  readonly pixels: Uint32Array
}

function read(png: Buffer): Picture {
  const chunks = chunksOf(png)
  const header = chunks.get('IHDR')
  const data = chunks.get('IDAT')
  const channels = header === undefined ? undefined : { 2: 3, 6: 4 }[header[9] ?? 0]
  if (header === undefined || data === undefined || channels === undefined || header[8] !== 8 || header[12] !== 0) {
    throw new Error('this is no PNG as Chromium makes them')
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const bytes = unfiltered(inflateSync(data), { channels, line: width * channels })
  const pixels = new Uint32Array(width * height)
  for (let at = 0; at < pixels.length; at++) {
    const from = at * channels
    pixels[at] = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
  }
  return { width, height, pixels }
}

/** The chunks by name; parts of one name are joined. */
function chunksOf(png: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>()
  for (let at = 8; at + 12 <= png.length; ) {
    const length = png.readUInt32BE(at)
    const name = png.toString('latin1', at + 4, at + 8)
    chunks.set(name, Buffer.concat([chunks.get(name) ?? Buffer.alloc(0), png.subarray(at + 8, at + 8 + length)]))
    at += 12 + length
  }
  return chunks
}

/** Undoes the filter of each line: what stands there is the difference to the bytes on the left (a), above (b) and between (c). */
function unfiltered(
  data: Buffer,
  { channels, line }: { readonly channels: number; readonly line: number },
): Uint8Array {
  const lines = data.length / (line + 1)
  const bytes = new Uint8Array(lines * line)
  for (let y = 0; y < lines; y++) {
    const filter = data[y * (line + 1)] ?? 0
    for (let x = 0; x < line; x++) {
      const at = y * line + x
      const a = x < channels ? 0 : (bytes[at - channels] ?? 0)
      const b = y === 0 ? 0 : (bytes[at - line] ?? 0)
      const c = x < channels || y === 0 ? 0 : (bytes[at - line - channels] ?? 0)
      bytes[at] = (data[y * (line + 1) + 1 + x] ?? 0) + guess(filter, { a, b, c })
    }
  }
  return bytes
}

function guess(filter: number, { a, b, c }: { readonly a: number; readonly b: number; readonly c: number }): number {
  if (filter === 1) return a
  if (filter === 2) return b
  if (filter === 3) return (a + b) >> 1
  if (filter !== 4) return 0
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)]
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c
}

/** The 256 most common colours, one for each group of colours that nobody could tell apart: the most common of its group. */
function commonColours(pixels: Uint32Array): readonly number[] {
  const counts = new Map<number, number>()
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1)
  const groups = new Map<number, { readonly colour: number; readonly most: number; readonly all: number }>()
  for (const [colour, count] of counts) {
    const group = colour & 0xf8f8f8
    const { all, ...known } = groups.get(group) ?? { colour, most: 0, all: 0 }
    groups.set(group, { ...(count > known.most ? { colour, most: count } : known), all: all + count })
  }
  return [...groups.values()]
    .toSorted((one, other) => other.all - one.all)
    .slice(0, 256)
    .map(({ colour }) => colour)
}

/** Gives for a colour the place of the one in the palette that is nearest to it. */
function indexer(palette: readonly number[]): (colour: number) => number {
  const known = new Map(palette.map((colour, index) => [colour, index]))
  return (colour) => {
    const found = known.get(colour)
    if (found !== undefined) return found
    const distances = palette.map((other) => distance(colour, other))
    const nearest = distances.indexOf(Math.min(...distances))
    known.set(colour, nearest)
    return nearest
  }
}

function distance(one: number, other: number): number {
  return [16, 8, 0].reduce((sum, shift) => sum + (((one >> shift) & 255) - ((other >> shift) & 255)) ** 2, 0)
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
