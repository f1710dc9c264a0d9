import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { loadPlaybooks } from '#/configuration/playbooks.ts'
import { actionNames } from './actions.ts'
import { readInputs } from './inputs.ts'
import { parsePlaybook } from './parse.ts'
import type { Playbook } from './playbook.ts'
import { stepActions } from './schema.ts'
import { takenBy } from './takes.ts'
import { longestFile, problemLine } from './yaml-file.ts'

const head = `id: lost-laptop
title: Lost laptop
shortTitle: Lost laptop
section: Our handbook, 4.2
target: account
`
const whole = `${head}legalClock: true
followUps: [database-breach]
steps:
  - id: revoke-sessions
    title: Revoke all sessions
    document: >
      End what is signed in
      on the laptop.
    does: Ends every session of the account.
    kind: containment
    action: revoke-sessions
    fallbacks: [suspend]
  - id: review
    title: Review the logs
    document: See what was done.
    does: Lists what was done.
    kind: record
    action: review-audit
    inputs:
      - id: since
        label: Lost since
        hint: In UTC.
        type: moment
        optional: false
  - id: ask
    title: Was it encrypted?
    document: Find out whether the disk was encrypted.
    does: Records what is known.
    kind: record
    question:
      ask: Was the disk encrypted?
      answers:
        - id: encrypted
          label: It was
        - id: clear
          label: It was not
          steps: [wipe]
  - id: wipe
    title: Wipe it
    document: Wipe it from afar.
    does: Somebody wipes it.
    kind: record
    manual:
      instructions: |
        Open the console.
        Press “Wipe”.
  - id: back
    title: Give it back
    document: Let them in again.
    does: Gives the account back.
    kind: recovery
    action: restore-access
    needsNotification: true
`

const parsed = {
  id: 'lost-laptop',
  title: 'Lost laptop',
  shortTitle: 'Lost laptop',
  section: 'Our handbook, 4.2',
  target: 'account',
  snapshot: 'snapshot-account',
  sweep: 'sweep',
  legalClock: true,
  followUps: ['database-breach'],
  steps: [
    {
      id: 'revoke-sessions',
      title: 'Revoke all sessions',
      document: 'End what is signed in on the laptop.',
      does: 'Ends every session of the account.',
      kind: 'containment',
      action: 'revoke-sessions',
      fallbacks: ['suspend'],
    },
    {
      id: 'review',
      title: 'Review the logs',
      document: 'See what was done.',
      does: 'Lists what was done.',
      kind: 'record',
      action: 'review-audit',
      inputs: [{ id: 'since', label: 'Lost since', hint: 'In UTC.', type: 'moment' }],
    },
    {
      id: 'ask',
      title: 'Was it encrypted?',
      document: 'Find out whether the disk was encrypted.',
      does: 'Records what is known.',
      kind: 'record',
      question: {
        ask: 'Was the disk encrypted?',
        answers: [
          { id: 'encrypted', label: 'It was' },
          { id: 'clear', label: 'It was not', steps: ['wipe'] },
        ],
      },
    },
    {
      id: 'wipe',
      title: 'Wipe it',
      document: 'Wipe it from afar.',
      does: 'Somebody wipes it.',
      kind: 'record',
      manual: { instructions: 'Open the console.\nPress “Wipe”.' },
    },
    {
      id: 'back',
      title: 'Give it back',
      document: 'Let them in again.',
      does: 'Gives the account back.',
      kind: 'recovery',
      action: 'restore-access',
      needsNotification: true,
    },
  ],
}

function read(text: string): Playbook {
  const result = parsePlaybook({ file: 'a.yml', text })
  if (result.kind === 'playbook') return result.playbook
  throw new Error(result.problems.map(problemLine).join('\n'))
}

function problems(text: string): readonly string[] {
  const result = parsePlaybook({ file: 'a.yml', text })
  return result.kind === 'playbook' ? [] : result.problems.map(problemLine)
}

/** The text with one place changed, which has to be there once. */
function changed(place: string, other: string, text = whole): string {
  expect(text.split(place)).toHaveLength(2)
  return text.replace(place, () => other)
}

/** A playbook about Autentico as a whole with one step. */
function step(lines: string): string {
  return `${head.replace('target: account', 'target: instance')}steps:
  - id: one
    title: One
    document: What is written.
    does: What is done.
    kind: containment
${lines.replaceAll(/^/gm, '    ')}
`
}

function inputs(lines: string, action = 'limit-requests'): string {
  return step(`action: ${action}\ninputs:\n${lines}`)
}

const limits = `  - {id: proxy, label: Proxy, type: choice, choices: [{id: nginx, label: nginx}, {id: caddy, label: Caddy}]}
  - {id: rate, label: Rate, type: number, min: 1, max: 1000, initial: 10}
  - {id: burst, label: Burst, type: number, initial: "20"}`

describe('a playbook file', () => {
  test('is read as it is meant', () => {
    expect(read(whole)).toEqual(parsed)
  })

  test('gives plain data, which canonical JSON gives back as it is', () => {
    for (const playbook of [read(whole), ...loadPlaybooks({})]) {
      expect(JSON.parse(canonicalize(playbook) ?? '')).toStrictEqual(playbook)
    }
  })

  test('may be written as JSON, with line ends of Windows, and with a mark at its beginning', () => {
    const { snapshot: _snapshot, sweep: _sweep, ...written } = parsed
    expect(read(JSON.stringify(written))).toEqual(parsed)
    expect(read(whole.replaceAll('\n', '\r\n'))).toEqual(parsed)
    expect(read(`\uFEFF${whole}`)).toEqual(parsed)
  })

  test('takes words that older YAML turned into something else as words', () => {
    expect(read(changed('Lost since', 'no')).steps[1]?.inputs?.[0]?.label).toBe('no')
  })

  test('gives numbers that a field begins with as text', () => {
    expect(read(inputs(limits)).steps[0]?.inputs?.map(({ initial }) => initial)).toEqual([undefined, '10', '20'])
  })

  test('drops what is false, as if it were not written', () => {
    expect(read(changed('legalClock: true', 'legalClock: false'))).not.toHaveProperty('legalClock')
  })
})

describe('every problem is told with its place', () => {
  const told: readonly (readonly [what: string, text: string, ...problems: readonly string[]])[] = [
    [
      'an empty file',
      '',
      '1:1: A playbook has to be a map with “id”, “title”, “shortTitle”, “section”, “target” and “steps”.',
    ],
    [
      'a list',
      '- id: a',
      '1:1: A playbook has to be a map with “id”, “title”, “shortTitle”, “section”, “target” and “steps”.',
    ],
    [
      'a word',
      'playbook',
      '1:1: A playbook has to be a map with “id”, “title”, “shortTitle”, “section”, “target” and “steps”.',
    ],
    [
      'an unknown key',
      changed('    kind: recovery', '    fallback: [attest]\n    kind: recovery'),
      '56:5: “fallback” is no key that can stand here. Did you mean “fallbacks”? These can: id, title, document, does, kind, action, inputs, question, manual, needsNotification, fallbacks.',
    ],
    [
      'an unknown key that is like none',
      changed('legalClock: true', 'sweep: sweep'),
      '6:1: “sweep” is no key that can stand here. These can: id, title, shortTitle, section, target, snapshot, patient, legalClock, followUps, steps.',
    ],
    [
      'a key that JavaScript means something by',
      changed('legalClock: true', '__proto__: {target: instance}'),
      '6:1: “__proto__” is no key that can stand here. These can: id, title, shortTitle, section, target, snapshot, patient, legalClock, followUps, steps.',
    ],
    [
      'a key that stands twice',
      changed('target: account', 'target: account\ntitle: Other'),
      '6:1: This key stands here a second time. Keep one.',
    ],
    [
      'a word that is none of those',
      changed('kind: recovery', 'kind: recover'),
      '56:11: “kind” of step 5 has to be containment, recovery or record. Did you mean “recovery”?',
    ],
    [
      'a word that is like none of those',
      changed('kind: recovery', 'kind: qqqq'),
      '56:11: “kind” of step 5 has to be containment, recovery or record.',
    ],
    [
      'something missing',
      changed('    kind: recovery\n', ''),
      '52:5: “kind” of step 5 is missing: containment, recovery or record.',
    ],
    [
      'nothing after a key',
      changed('title: Give it back', 'title:'),
      '53:11: “title” of step 5 has to be one line of text, 1 to 75 characters.',
    ],
    [
      'a number for a text',
      changed('Give it back', '2026'),
      '53:12: “title” of step 5 has to be one line of text, 1 to 75 characters.',
    ],
    [
      'blanks for a text',
      changed('Give it back', '"  "'),
      '53:12: “title” of step 5 has to be one line of text, 1 to 75 characters.',
    ],
    [
      'a text that is too long',
      changed('Give it back', 'x'.repeat(76)),
      '53:12: “title” of step 5 has 76 characters: at most 75.',
    ],
    [
      'a short title that is too long',
      changed('shortTitle: Lost laptop', `shortTitle: ${'x'.repeat(41)}`),
      '3:13: “shortTitle” has 41 characters: at most 40.',
    ],
    [
      'a line that is two',
      changed('Gives the account back.', '"Gives\\nback"'),
      '55:11: “does” of step 5 has to be one line of text, 1 to 300 characters.',
    ],
    [
      'a text that reads backwards',
      changed('Give it back', '"Give \\u202e back"'),
      '53:12: “title” of step 5 has to be without control characters, and without what turns the reading direction.',
    ],
    [
      'a half character',
      changed('Give it back', '"Give \\ud83d"'),
      '53:12: “title” of step 5 has to be without control characters, and without what turns the reading direction.',
    ],
    [
      'a control character',
      changed('Press “Wipe”.', 'Press\u0007.'),
      '49:21: “instructions” of “manual” of step 4 has to be without control characters, and without what turns the reading direction.',
    ],
    [
      'an id with capitals',
      changed('- id: back', '- id: Back'),
      '52:9: “id” of step 5 has to be an id: small letters, digits and hyphens, beginning with a letter, at most 41 characters.',
    ],
    [
      'yes for true',
      changed('needsNotification: true', 'needsNotification: yes'),
      '58:24: “needsNotification” of step 5 has to be true or false.',
    ],
    ['a list that is none', `${head}steps: many`, '6:8: “steps” has to be a list of 1 to 30 steps.'],
    ['no steps', `${head}steps: []`, '6:8: “steps” has to be a list of 1 to 30 steps.'],
    [
      'a step that is none',
      `${head}steps: [go]`,
      '6:9: Step 1 has to be a map with “id”, “title”, “document”, “does”, “kind” and one of “action”, “question”, “manual”.',
    ],
    [
      'an action that there is not',
      changed('action: restore-access', 'action: restore-acces'),
      expect.stringContaining('57:13: “action” of step 5 has to be revoke-sessions,'),
    ],
    [
      'two problems at one place',
      changed('kind: recovery', 'knd: recovery'),
      expect.stringContaining('52:5: “kind” of step 5 is missing'),
      expect.stringContaining('56:5: “knd” is no key'),
    ],
  ]
  test.each(told.map(([what, text, ...expected]) => [what, text, expected] as const))('%s', (_what, text, expected) => {
    expect(problems(text).map((line) => line.replace('a.yml:', ''))).toEqual(expected)
  })

  test('all at once, in the order of the file', () => {
    const wrong = whole
      .replace('target: account', 'target: acount')
      .replace('kind: containment', 'kind: contain')
      .replace('type: moment', 'type: number')
      .replace('steps: [wipe]', 'steps: [wiped]')
      .replace('id: back', 'id: wipe')
    expect(problems(wrong).map((line) => line.slice(0, line.indexOf('“')))).toEqual([
      'a.yml:5:9: ',
      'a.yml:15:11: ',
      'a.yml:28:15: ',
      'a.yml:42:19: Entry 1 of ',
      'a.yml:52:9: ',
    ])
  })
})

describe('what is no YAML that can be trusted', () => {
  const bomb = `a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n${head}steps: *c`
  test.each([
    ['a tab', changed('    kind: recovery', '\tkind: recovery'), /^a\.yml:5[56]:\d+: /],
    [
      'an open quote',
      changed('Give it back', '"Give it back'),
      /: Something is missing here: a closing quote or bracket/,
    ],
    ['an open bracket', changed('[database-breach]', '[database-breach'), /^a\.yml:[78]:\d+: /],
    [
      'a colon inside a text',
      changed('Give it back', 'Give: it back'),
      /^a\.yml:53:\d+: A text with “: ” in it has to stand in quotes\.$/,
    ],
    ['a wrong indent', changed('    kind: recovery', '   kind: recovery'), /^a\.yml:\d+:\d+: /],
    ['a second document', `${whole}---\n${whole}`, /: A second document begins here\. A file holds one playbook\.$/],
    ['a reference', changed('[database-breach]', '&a [x]').replace('[suspend]', '*a'), /^a\.yml:17:16: A reference/],
    ['a reference to nothing', changed('[suspend]', '*a'), /: A reference \(\*name\) is not taken/],
    ['a file that grows when it is read', bomb, /: A reference \(\*name\) is not taken in a playbook/],
    [
      'a tag of its own',
      changed('Give it back', '!secret x'),
      /^a\.yml:53:12: A tag \(!\) has no meaning in a playbook/,
    ],
    ['bytes', changed('Give it back', '!!binary aGVsbG8='), /^a\.yml:53:\d+: /],
    ['a key that is a list', changed('legalClock: true', '? [a, b]\n: true'), /^a\.yml:6:\d: A key is a word/],
    ['nesting without an end', `${'['.repeat(20_000)}`, /^a\.yml:1:\d+: /],
    [
      'a file that is too large',
      `${whole}#${' '.repeat(longestFile)}`,
      /^a\.yml:1:1: This is longer than 65536 characters/,
    ],
  ])('%s', (_what, text, expected) => {
    const found = problems(text)
    expect(found.length).toBeGreaterThan(0)
    expect(found.join('\n')).toMatch(new RegExp(expected.source, 'm'))
  })

  test('is never repeated: a file with secrets may have got among the playbooks', () => {
    const compose = `services:\n  bot:\n    environment:\n      TOKEN: xoxb-hunter2\n      PASSWORD: "hunter2\n    command: [hunter2, *hunter2]\n`
    const values = `id: xoxb-hunter2!\ntarget: hunter2\ntitle: {hunter2: hunter2}\nsteps: [{kind: hunter2, action: hunter2}]`
    expect(problems(compose).length).toBeGreaterThan(0)
    expect(problems(values).length).toBeGreaterThan(3)
    expect([...problems(compose), ...problems(values)].join('\n')).not.toContain('hunter2')
  })
})

/** Among others, one that is like this. */
function among(problem: RegExp): unknown {
  return expect.arrayContaining([expect.stringMatching(problem)])
}

describe('what parts of a playbook have to do with each other', () => {
  const refused: readonly (readonly [rule: string, text: string, problem: unknown])[] = [
    [
      'ids of steps are their own',
      changed('id: back', 'id: ask'),
      ['52:9: “id” of step 5 is “ask” a second time: step 3 has it.'],
    ],
    [
      'no id is one that a finding would get',
      changed('id: back', 'id: review-2'),
      ['52:9: “id” of step 5 is “review-2”, as the first things found by “review” would be called: name it otherwise.'],
    ],
    [
      'a step does something',
      changed('    action: restore-access\n', ''),
      ['52:5: Step 5 has to say what is done: action, question or manual.'],
    ],
    [
      'a step does one thing',
      changed('    manual:', '    action: reset-mfa\n    manual:'),
      ['49:5: “manual” of step 4 stands beside “action”: exactly one of action, question or manual.'],
    ],
    [
      'what people do asks for no inputs',
      changed('    manual:', '    inputs: [{id: a, label: A, type: text}]\n    manual:'),
      ['48:13: “inputs” of step 4 is for a step with an action.'],
    ],
    [
      'what people do has nothing to fall back to',
      changed('    manual:', '    fallbacks: [attest]\n    manual:'),
      ['48:16: “fallbacks” of step 4 is for a step with an action.'],
    ],
    [
      'an action on an account needs one',
      step('action: reset-mfa'),
      ["12:13: “action” of step 1 is reset-mfa, for playbooks whose target is “account”; this one's is “instance”."],
    ],
    [
      'an action on Autentico as a whole is none on an account',
      changed('action: revoke-sessions', 'action: revoke-everybody'),
      [
        "16:13: “action” of step 1 is revoke-everybody, for playbooks whose target is “instance”; this one's is “account”.",
      ],
    ],
    ['what a review finds is no step', step('action: disable-client'), among(/“action” of step 1 has to be /)],
    ['the snapshot and the sweep are no steps', step('action: sweep'), among(/“action” of step 1 has to be /)],
    [
      'access is given back as recovery',
      changed('kind: recovery', 'kind: record').replace('    needsNotification: true\n', ''),
      ['56:11: “kind” of step 5 has to be recovery, because restore-access gives something back.'],
    ],
    [
      'the snapshot is the one for the target',
      changed('legalClock: true', 'legalClock: true\nsnapshot: snapshot-instance'),
      ['7:11: “snapshot” has to be snapshot-account, because the target is “account”; it may be left out.'],
    ],
    [
      'containment comes before recovery',
      changed(
        '  - id: wipe',
        '  - id: early\n    title: Early\n    document: Early.\n    does: Early.\n    kind: recovery\n    manual: {instructions: Early.}\n  - id: wipe',
      ).replace(/kind: record\n {4}manual/, 'kind: containment\n    manual'),
      [
        '53:11: “kind” of step 5 is containment after the recovery of “early”: nothing is given back before all is contained.',
      ],
    ],
    [
      'only recovery waits for a notification',
      changed('fallbacks: [suspend]', 'needsNotification: true'),
      ['17:24: “needsNotification” of step 1 is for a step of kind recovery.'],
    ],
    [
      'there has to be an account to suspend',
      step('action: invalidate-tokens\nfallbacks: [suspend, attest]'),
      [
        '13:17: Entry 1 of “fallbacks” of step 1 is suspend, and there is no account to suspend: the target is “instance”.',
      ],
    ],
    [
      'a fallback stands once',
      changed('[suspend]', '[attest, attest]'),
      ['17:25: Entry 2 of “fallbacks” of step 1 says attest a second time.'],
    ],
    [
      'a legal clock ends with a question',
      step('action: revoke-everybody').replace('steps:', 'legalClock: true\nsteps:'),
      ['6:13: “legalClock” needs a question: the clock ends when the last one is answered.'],
    ],
    [
      'a playbook does not follow itself',
      changed('[database-breach]', '[lost-laptop]'),
      ['7:13: Entry 1 of “followUps” names the playbook itself.'],
    ],
    [
      'a playbook follows once',
      changed('[database-breach]', '[a, a]'),
      ['7:16: Entry 2 of “followUps” names “a” a second time.'],
    ],
    [
      'an answer chooses steps of the playbook',
      changed('[wipe]', '[wip]'),
      [
        '42:19: Entry 1 of “steps” of answer 2 of “question” of step 3 is “wip”, which is no step of this playbook: an answer chooses later steps.',
      ],
    ],
    [
      'an answer chooses later steps',
      changed('[wipe]', '[review]'),
      [
        '42:19: Entry 1 of “steps” of answer 2 of “question” of step 3 is “review”, which does not come after this question: an answer chooses later steps.',
      ],
    ],
    [
      'an answer does not choose its own question',
      changed('[wipe]', '[ask]'),
      among(/is “ask”, which does not come after this question/),
    ],
    [
      'answers have ids of their own',
      changed('id: clear', 'id: encrypted'),
      ['40:15: “id” of answer 2 of “question” of step 3 is “encrypted” a second time: answer 1 has it.'],
    ],
    [
      'a question has more than one answer',
      changed('        - id: clear\n          label: It was not\n          steps: [wipe]\n', ''),
      ['37:7: “answers” of “question” of step 3 has to be a list of 2 to 10 answers.'],
    ],
    [
      'an action is told what it needs',
      inputs(limits.slice(limits.indexOf('  - {id: burst'))),
      ['12:13: “action” of step 1 is limit-requests, which needs the input “proxy” (choice) and “rate” (number).'],
    ],
    [
      'an action is told nothing that it would ignore',
      changed('id: since', 'id: until'),
      among(/“id” of input 1 of step 2 is “until”, which review-audit would ignore: it takes only since/),
    ],
    [
      'an action that takes nothing is told nothing',
      changed('fallbacks: [suspend]', 'inputs: [{id: a, label: A, type: text}]'),
      ['17:19: “id” of input 1 of step 1 is “a”, which revoke-sessions would ignore: it takes nothing.'],
    ],
    [
      'an input is of the type that the action takes',
      changed('type: moment', 'type: text'),
      ['28:15: “type” of input 1 of step 2 has to be moment: review-audit takes “since” so.'],
    ],
    [
      'what an action needs is not optional',
      inputs(limits.replace('type: number,', 'type: number, optional: true,')),
      among(/“optional” of input 2 of step 1 cannot be: limit-requests needs “rate”/),
    ],
    [
      'a moment begins empty',
      changed('optional: false', 'initial: 2026-11-23 03:12'),
      ['29:18: “initial” of input 1 of step 2 cannot be given for a moment: no fixed one is right in every incident.'],
    ],
    [
      'inputs have ids of their own',
      inputs(limits.replace('id: burst', 'id: rate')),
      among(/“id” of input 3 of step 1 is “rate” a second time: input 2 has it/),
    ],
    [
      'a choice has choices',
      inputs(limits.replace(/, choices: \[.*\]/, '')),
      among(/Input 1 of step 1 is a choice, so it has to have “choices”/),
    ],
    [
      'choices have ids of their own',
      inputs(limits.replace('id: caddy', 'id: nginx')),
      among(/“id” of choice 2 of input 1 of step 1 is “nginx” a second time: choice 1 has it/),
    ],
    [
      'choices are what the action knows',
      inputs(limits.replace('id: caddy', 'id: haproxy')),
      among(
        /“id” of choice 2 of input 1 of step 1 is “haproxy”; limit-requests knows configured, nginx, caddy or traefik/,
      ),
    ],
    [
      'choices are for a choice',
      inputs(limits.replace('type: choice', 'type: text')),
      among(/“choices” of input 1 of step 1 is for an input of type choice/),
    ],
    [
      'a smallest is for a number',
      changed('optional: false', 'min: 3'),
      ['29:14: “min” of input 1 of step 2 is for an input of type number.'],
    ],
    [
      'the smallest is not the larger',
      inputs(limits.replace('min: 1,', 'min: 1001,')),
      among(/“min” of input 2 of step 1 is 1001, more than “max”, which is 1000/),
    ],
    [
      'a field begins with what it would take',
      inputs(limits.replace('initial: 10', 'initial: 1001')),
      among(/“initial” of input 2 of step 1 would be refused: “1001” is not between 1 and 1000/),
    ],
    [
      'a choice begins with one of its own',
      inputs(limits.replace('type: choice', 'type: choice, initial: traefik')),
      among(/“initial” of input 1 of step 1 would be refused/),
    ],
  ]
  test.each(refused)('%s', (_rule, text, problem) => {
    const found = problems(text).map((line) => line.replace('a.yml:', ''))
    expect(found).toEqual(problem)
  })

  test('an action that stands twice is told at both', () => {
    const text = changed('action: restore-access', 'action: revoke-sessions')
    expect(problems(text)).toEqual([
      'a.yml:16:13: “action” of step 1 is revoke-sessions, and 2 steps say so: the sweep could not tell them apart.',
      'a.yml:57:13: “action” of step 5 is revoke-sessions, and 2 steps say so: the sweep could not tell them apart.',
    ])
  })

  test('reviews look at all of Autentico, whatever the incident is about', () => {
    expect(problems(step('action: review-admins'))).toEqual([])
    expect(problems(changed('action: revoke-sessions', 'action: review-admins'))).toEqual([])
  })

  test('nothing is concluded from what is wrong by itself', () => {
    expect(problems(changed('target: account', 'target: acount'))).toHaveLength(1)
    expect(problems(changed('action: restore-access', 'action: x'))).toHaveLength(1)
    expect(problems(changed('id: since', 'id: Since'))).toHaveLength(1)
    expect(problems(changed('kind: containment', 'kind: x'))).toHaveLength(1)
  })
})

test('what an action takes can be given, and every name in the table is an action', () => {
  const now = '2026-11-23T03:00:00.000Z'
  const typed = { moment: '2026-11-23 02:12', number: '7', fingerprint: 'ab'.repeat(32), networks: '::1', text: 'x' }
  for (const action of actionNames)
    for (const [id, { type, choices = [] }] of Object.entries(takenBy(action))) {
      expect(stepActions).toContain(action)
      const input = { id, label: id, type, choices: choices.map((one) => ({ id: one, label: one })) }
      const text = type === 'choice' ? (choices[0] ?? '') : typed[type]
      expect(readInputs([input], () => text, now).kind).toBe('read')
    }
})

test('any text is either a playbook or has problems that stand inside it', () => {
  const pieces = whole.split(/(?<=\n)/)
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.shuffledSubarray(pieces, { minLength: 5 }).map((lines) => lines.join('')),
    fc
      .tuple(fc.nat(whole.length), fc.nat(20), fc.string({ unit: 'binary', maxLength: 8 }))
      .map(([at, length, text]) => whole.slice(0, at) + text + whole.slice(at + length)),
  )
  fc.assert(
    fc.property(anything, (text) => {
      const result = parsePlaybook({ file: 'a.yml', text })
      const lines = text.split('\n').length
      return result.kind === 'playbook'
        ? canonicalize(result.playbook) !== undefined
        : result.problems.length > 0 &&
            result.problems.every(
              ({ line, column, what }) => line >= 1 && line <= lines && column >= 1 && /^[^\n]+[.?]$/.test(what),
            )
    }),
    { numRuns: 150 },
  )
})
