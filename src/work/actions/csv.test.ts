import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cell, csvRow, csvStart } from './csv.ts'

/** A reader that knows RFC 4180 and nothing of our writer. */
function readCsv(table: string, separator = ','): readonly (readonly string[])[] {
  const rows: string[][] = []
  let [row, cell, quoted]: [string[], string, boolean] = [[], '', false]
  const endCell = (): void => {
    row.push(cell)
    cell = ''
  }
  for (let at = 0; at < table.length; at += 1) {
    const sign = table[at]
    if (quoted) {
      if (sign !== '"') cell += sign
      else if (table[at + 1] === '"') {
        cell += '"'
        at += 1
      } else quoted = false
    } else if (sign === '"' && cell === '') quoted = true
    else if (sign === separator) endCell()
    else if (sign === '\r' && table[at + 1] === '\n') {
      endCell()
      rows.push(row)
      row = []
      at += 1
    } else cell += sign
  }
  expect([quoted, row, cell]).toEqual([false, [], ''])
  return rows
}

/** What a spreadsheet computes, once it has left out blanks. */
const computed = /^[\s\0]*[=+\-@＝＋－＠]/
const nasty = fc.string({
  unit: fc.constantFrom('=', '+', '-', '@', '＝', '"', "'", ',', ';', '\t', '\r', '\n', ' ', '\0', 'a', 'é', '\ud800'),
})
const anything: fc.Arbitrary<string> = fc.oneof(nasty, fc.string({ unit: 'binary' }))

test('a row is what RFC 4180 asks for: commas, quotes where they are needed, and CRLF', () => {
  expect(csvRow(['alice', 'Ruiz, Ana', 'said "no"', 'two\nlines', '', null, 3, true])).toBe(
    'alice,"Ruiz, Ana","said ""no""","two\nlines",,,3,true\r\n',
  )
})

test.each([
  ['=1+1', "'=1+1"],
  ['+31 6 1234', "'+31 6 1234"],
  ['-2', "'-2"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['＝1+1', "'＝1+1"],
  ['  =1+1', "'  =1+1"],
  ['\t=1+1', "'\t'=1+1"],
  ['\rx', "'\rx"],
  ['a;=1+1', "a;'=1+1"],
  ['a\n=1+1', "a\n'=1+1"],
  ['a=b', 'a=b'],
  ['alice@acme.test', 'alice@acme.test'],
  ['2026-11-23', '2026-11-23'],
])('%j is written as %j', (cell, written) => {
  expect(readCsv(csvRow([cell]))).toEqual([[written]])
})

test('numbers keep their sign: a spreadsheet may add them up', () => {
  expect(csvRow([-5, 0.5])).toBe('-5,0.5\r\n')
})

test('whatever the cells hold, another reader finds as many rows and cells, and the same text but for our apostrophes', () => {
  const row = fc.array(anything, { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
      const read = readCsv(rows.map(csvRow).join(''))
      const plain = (cell: Cell) => String(cell).toWellFormed().replaceAll("'", '')
      expect(read.map((cells) => cells.map(plain))).toEqual(rows.map((cells) => cells.map(plain)))
    }),
  )
})

test('no cell is one that a spreadsheet computes, whether the country cuts rows at commas or at semicolons', () => {
  fc.assert(
    fc.property(fc.array(anything, { minLength: 1, maxLength: 4 }), (cells) => {
      const row = csvRow(cells)
      expect(
        readCsv(row)
          .flat()
          .filter((cell) => computed.test(cell)),
      ).toEqual([])
      // Cut as bluntly as can be: at every sign that ends a cell anywhere, but for the comma, which only ends one outside of quotes.
      const pieces = readCsv(row)
        .flat()
        .flatMap((cell) => cell.split(/[;\t\r\n]/))
      expect(pieces.filter((piece) => computed.test(piece))).toEqual([])
    }),
  )
})

test('a table begins with the mark that tells Excel that it is UTF-8', () => {
  expect(Buffer.from(csvStart, 'utf8')).toEqual(Buffer.from([0xef, 0xbb, 0xbf]))
})
