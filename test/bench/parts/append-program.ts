// Opens the ledger that is named and appends as many entries as are asked for, one append each, whenever a line with a number comes in.
import { createInterface } from 'node:readline'
import { openLedger } from '#/ledger/ledger.ts'
import { at, draft } from './one-entry.ts'

const [, , file = ''] = process.argv
using ledger = openLedger({ file })
let expected = 0
process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  for (let left = Number(line); left > 0; left -= 1)
    expected = ledger.append({ incident: 'INC-1', expected, at, drafts: [draft] })[0]?.seq ?? expected
  process.stdout.write('done\n')
}
