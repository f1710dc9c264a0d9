import type { Machine } from '../../wire.ts'
import type { Headline } from './section.ts'

/** One thing that can be broken: how it is, and what to expect of it. */
export type Condition = Headline & { readonly expect: string }

export function machineHeadline(machine: Machine): Headline {
  const trouble = [
    { who: 'The bot', how: bot[machine.bot] },
    { who: 'Redis', how: redis[machine.redis] },
    { who: 'Autentico', how: autentico[machine.autentico] },
    { who: 'Slack', how: slack[machine.slack] },
  ].filter(({ how }) => how.tone !== 'good')
  if (trouble.length === 0) return { tone: 'good', words: 'Everything runs.' }
  return {
    tone: trouble.some(({ how }) => how.tone === 'bad') ? 'bad' : 'warn',
    words: trouble.map(({ who, how }) => `${who} ${how.words}.`).join(' '),
  }
}

export const bot: { readonly [state in Machine['bot']]: Condition } = {
  running: { tone: 'good', words: 'runs', expect: 'Killed, clicks in Slack fail until it is back; nothing is lost.' },
  starting: { tone: 'warn', words: 'is starting', expect: 'In a moment it goes on where it was.' },
  dead: { tone: 'bad', words: 'is dead', expect: 'Clicks in Slack fail now. Start it, and it goes on where it was.' },
}

export const redis: { readonly [state in Machine['redis']]: Condition } = {
  running: { tone: 'good', words: 'runs', expect: 'Stopped, approved work waits; clicks still count.' },
  starting: { tone: 'warn', words: 'is starting', expect: 'In a moment what was approved goes on.' },
  stopped: { tone: 'bad', words: 'is stopped', expect: 'Approve a step now: it waits, and runs when Redis is back.' },
}

export const slack: { readonly [state in Machine['slack']]: Condition } = {
  connected: {
    tone: 'good',
    words: 'is connected',
    expect: 'Disconnected, approved work goes on; the thread is filled in later.',
  },
  reconnecting: {
    tone: 'warn',
    words: 'is being connected again',
    expect: 'The bot opens a new connection by itself.',
  },
  disconnected: {
    tone: 'bad',
    words: 'is disconnected',
    expect: 'Clicks reach nobody now. Connect it, and the thread is filled in.',
  },
}

export const autentico: { readonly [state in Machine['autentico']]: Condition } = {
  well: { tone: 'good', words: 'is well', expect: 'Break it, then approve a step: the step waits and tries again.' },
  slow: {
    tone: 'warn',
    words: 'is slow',
    expect: 'Every answer takes seconds; steps take longer, and still get proven.',
  },
  failing: { tone: 'bad', words: 'is failing', expect: 'It answers with errors; a step waits and tries again.' },
  stopped: { tone: 'bad', words: 'is stopped', expect: 'Nothing answers; a step waits until it is back.' },
}
