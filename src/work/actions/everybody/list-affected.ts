import { csvRow, csvStart } from '../csv.ts'
import { evidence } from '../evidence.ts'
import { reading } from '../reviews/reading.ts'
import { count } from '../words.ts'

/** Everybody whose data lay in the database, as a table for whoever has to notify them. It goes to private channels alone. */
export const listAffected = reading('list-affected', async (ctx) => {
  const rows: string[] = [csvStart, csvRow(['id', 'username', 'e-mail address', 'deactivated'])]
  for await (const { account, deactivated } of ctx.autentico.everyUser.all()) {
    rows.push(csvRow([account.id, account.username, account.email, deactivated ? 'yes' : 'no']))
  }
  const people = rows.length - 2
  const file = evidence(ctx, 'affected-users.csv', Buffer.from(rows.join(''), 'utf8'))
  return {
    did: [`Listed ${count(people, 'user')}: name, e-mail address and id.`],
    gaps:
      ctx.autentico.database === undefined
        ? ['Deactivated users are not in it: they cannot be seen without the database (`AUTENTICO_DB_PATH`).']
        : [],
    evidence: [file],
    files: [{ name: file.name, digest: file.digest, title: `${count(people, 'affected user')}`, privateOnly: true }],
  }
})
