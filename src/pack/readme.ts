import type { OpenedIncident } from '#/incident/state.ts'
import { utc } from '#/incident/times.ts'
import { packFiles } from './layout.ts'

export type PackFacts = {
  readonly incident: OpenedIncident
  readonly ledger: string
  readonly size: number
  readonly shown: number
  /** When the newest entry of the pack was written, ISO 8601 UTC; it says how old the pack is without depending on when it was made. */
  readonly newest: string
  /** When Autentico was asked for its audit log for this pack. */
  readonly askedAt: string | undefined
  /** Evidence that entries name and that is not there any more, a sentence each. */
  readonly missing: readonly string[]
}

/** What the pack says to whoever is handed it. */
export function readmeText({ incident, ledger, size, shown, newest, askedAt, missing }: PackFacts): string {
  const { id, drill } = incident
  return `Evidence pack of ${id}${drill ? ' (a drill: a rehearsal, nothing of it happened)' : ''}

It tells of the ledger ${ledger} up to its entry ${size}, written ${utc(newest)}.
${shown} of those entries are shown here; the others belong to other incidents and are here by their hashes only.

To check it, with Node 18 or newer and nothing else:

    node ${packFiles.verifier} --key KEY CHECKPOINT.txt

KEY is the ledger's first verifier key, from somebody you trust or from where it was published, and not from this pack. CHECKPOINT.txt is a checkpoint that was kept
elsewhere, exactly as it stands in the thread of an incident in Slack. Without these two the pack is only held against itself: whoever
has the ledger's private key could have made another one. The verifier can be read in ten minutes; it is also in the source of the program, as
src/pack/verify.mjs, and docs/ledger-format.md there says how to do the same by hand.

What is here

${packFiles.entries}        the entries of ${id}, and those of the stream "governance" (policy, keys), whole, one JSON a line
${packFiles.leaves}          the hash of every entry of the ledger; "-" where the entry is not shown here
${packFiles.checkpoint}      what the ledger's key signs: how many entries there are, and the root over their hashes
${packFiles.firstKey}       the first key of the ledger; entries SigningKeyRotated lead from it to later ones
${packFiles.publicKey}      the key that signed ${packFiles.checkpoint} and ${packFiles.manifest}, for openssl
${packFiles.timeline}         the entries in words; ${packFiles.page} is the same as a page, with a picture of who did what when
${packFiles.audit} Autentico's own audit log beside the requests of the ledger (below)
evidence/           what was read before anything was changed, each file named by its SHA-256
${packFiles.manifest}        the SHA-256 of every other file, signed

The entries count. The timeline is made from them for reading, and what it leaves out stands in ${packFiles.entries}.

What it cannot show

An entry of ${id} that was left out when the pack was made. The numbers between those shown are other incidents', by the word of whoever made
the pack. Choose some of them and ask to be shown each as it stands in the ledger: its text has to hash to its line in ${packFiles.leaves}.

Autentico's audit log

${
  askedAt === undefined
    ? 'Autentico was not asked for this pack. The table holds what the evidence of the incident recorded at the time.'
    : `Autentico was asked ${utc(askedAt)}, beside what the evidence of the incident recorded at the time. What it answered is vouched for by the signature over the manifest only.`
}
Autentico does not write request ids into its audit log. Its ids come from one counter, so a line is put beside the last request of ours that
the same process of Autentico had answered shortly before. A line without a request was caused by somebody else.
${missing.length === 0 ? '' : `\nMissing\n\n${missing.join('\n')}\n`}`
}
