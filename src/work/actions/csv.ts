/** A value of a table; nothing becomes an empty cell. */
export type Cell = string | number | boolean | null

/**
 * What a table of ours begins with: people open it with a double click, and Excel takes UTF-8 for the code page of the machine
 * unless this mark is there. Other readers know it and leave it out.
 */
export const csvStart = '\uFEFF'

/**
 * One row as RFC 4180 has it, its line end included, so that a table can be written row by row. Names in it were chosen by whoever has
 * an account: a cell that a spreadsheet would compute gets an apostrophe in front, which makes it text, and is otherwise as it was.
 */
export function csvRow(cells: readonly Cell[]): string {
  return `${cells.map(field).join(',')}\r\n`
}

function field(cell: Cell): string {
  // A number is no formula, also with a sign in front.
  const text = typeof cell === 'string' ? inert(cell.toWellFormed()) : String(cell ?? '')
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * Where the list separator of a country is a semicolon, a spreadsheet cuts our rows there, whatever the quotes say, and a tab or a line
 * end begins a cell as well: what follows one of these is looked at like the beginning. The wide forms of the signs count in East Asia.
 */
function inert(text: string): string {
  return text
    .replace(/^(?=[\t\r\n]|[\s\0]*[=+\-@＝＋－＠])/, "'")
    .replaceAll(/([;\t\r\n])(?=[\s\0]*[=+\-@＝＋－＠])/g, "$1'")
}
