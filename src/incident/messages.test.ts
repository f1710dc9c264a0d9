import { describe, expect, test } from 'vitest'
import { given, play } from '../../test/support/given.ts'
import {
  type Act,
  closes,
  deletes,
  edits,
  messageTs,
  minute,
  opens,
  person,
  settledByWord,
  steps,
  underWay,
  writes,
} from '../../test/support/stories.ts'
import { longestText } from './limits.ts'

const closed: readonly Act[] = [...underWay, ...settledByWord(steps.sessions, 'skip-rest'), closes()]
const ts = messageTs(1)
const writtenAt = minute(1)

describe('what people write in the thread', () => {
  test('is recorded with its own moment, once, however often it is told', () => {
    given(opens())
      .when(writes('gil', 'I saw it.'))
      .happens({ type: 'MessageWritten', ts, writtenAt, text: 'I saw it.' })
    given(opens(), writes('gil', 'I saw it.')).when(writes('gil', 'I saw it.')).happens()
  })

  test('is recorded up to a length, and up to a number that the last line speaks of', () => {
    given(opens())
      .when(writes('gil', 'x'.repeat(40_000)))
      .happens({ type: 'MessageWritten', ts, writtenAt, text: 'x'.repeat(longestText) })
    const many = Array.from({ length: 1_999 }, (_, n) => writes('gil', 'again', messageTs(n)))
    const story = [opens(), ...many]
    given(...story)
      .when(writes('gil', 'once more', messageTs(5_000)))
      .happens({
        type: 'MessageWritten',
        ts: messageTs(5_000),
        writtenAt: minute(5_000),
        text: 'once more',
        last: true,
      })
    given(...story, writes('gil', 'once more', messageTs(5_000)))
      .when(writes('gil', 'and again', messageTs(5_001)))
      .happens()
    given(...story, writes('gil', 'once more', messageTs(5_000)))
      .when({ ...edits('gil', 'and again', 1, messageTs(5_001)), before: 'hm' } as ReturnType<typeof edits>)
      .happens()
  })

  test('is not recorded once the incident is closed', () => {
    given(...closed)
      .when(writes('gil', 'By the way.', messageTs(90)))
      .happens()
  })
})

describe('an edit', () => {
  const edited = (before: string, after: string, edit = 1) =>
    ({
      type: 'MessageEdited',
      ts,
      writtenAt,
      author: person('gil'),
      before,
      after,
      editedTs: messageTs(1 + edit),
    }) as const

  test('is recorded with what was said before and after, each once', () => {
    const once = [opens(), writes('gil', 'I saw it.'), edits('gil', 'I did not.')]
    given(opens(), writes('gil', 'I saw it.'))
      .when(edits('gil', 'I did not.'))
      .happens(edited('I saw it.', 'I did not.'))
    given(...once)
      .when(edits('gil', 'I did not.'))
      .happens()
    given(...once)
      .when(edits('gil', 'I may have.', 2))
      .happens(edited('I did not.', 'I may have.', 2))
  })

  test('is recorded although the words that are recorded stay the same', () => {
    given(opens(), writes('gil', 'I saw it.')).when(edits('gil', 'I saw it.')).happens(edited('I saw it.', 'I saw it.'))
  })

  test('of a message that was not recorded says what Slack says it was before', () => {
    given(opens())
      .when({ ...edits('gil', 'I did not.'), before: 'I saw it.' } as ReturnType<typeof edits>)
      .happens(edited('I saw it.', 'I did not.'))
  })

  test('is recorded after the close as well: that is when it would not be seen', () => {
    given(opens(), writes('gil', 'I saw it.'), ...closed.slice(1))
      .when(edits('gil', 'I did not.'))
      .happens('MessageEdited')
  })

  test('is recorded up to a number for each message, and the last line says so; a deletion still is', () => {
    const many = Array.from({ length: 49 }, (_, n) => edits('gil', `this is number ${n}`, n + 1))
    const story = [opens(), writes('gil', 'I saw it.'), ...many]
    given(...story)
      .when(edits('gil', 'once more', 50))
      .happens({ ...edited('this is number 48', 'once more', 50), last: true })
    given(...story, edits('gil', 'once more', 50))
      .when(edits('gil', 'and again', 51))
      .happens()
    given(...story, edits('gil', 'once more', 50))
      .when(deletes())
      .happens('MessageDeleted')
  })

  test('never changes who wrote it', () => {
    const { incident } = play(opens(), writes('gil', 'I saw it.'), edits('bao', 'He did not.'))
    expect(incident.messages.get(ts)).toMatchObject({ by: person('gil'), text: 'He did not.' })
  })
})

describe('a deletion', () => {
  test('is recorded with what was said last, once', () => {
    const gone = { type: 'MessageDeleted', ts, writtenAt, author: person('gil'), before: 'I did not.' } as const
    const story = [opens(), writes('gil', 'I saw it.'), edits('gil', 'I did not.')]
    given(...story)
      .when(deletes())
      .happens(gone)
    given(...story, deletes())
      .when(deletes())
      .happens()
    given(...story, deletes())
      .when(edits('gil', 'Late news of an edit.', 5))
      .happens()
  })

  test('of what nobody is known to have written says nothing', () => {
    given(opens()).when(deletes()).happens()
  })
})

test('lines of our own that are gone from the thread are told of once', () => {
  const lost = (...entries: readonly number[]) => ({ type: 'RecordLostPosts', entries, card: false }) as const
  given(opens())
    .when(lost(3, 4))
    .happens({ type: 'PostsDeleted', entries: [3, 4] })
  given(opens(), lost(3, 4))
    .when(lost(3, 4, 5))
    .happens({ type: 'PostsDeleted', entries: [5] })
  given(opens(), { type: 'RecordLostPosts', entries: [], card: true })
    .when({ type: 'RecordLostPosts', entries: [], card: true })
    .happens()
})

test('lines of our own that were altered in the thread are told of once', () => {
  const altered = (...entries: readonly number[]) => ({ type: 'RecordAlteredPosts', entries }) as const
  given(opens())
    .when(altered(3, 4))
    .happens({ type: 'PostsAltered', entries: [3, 4] })
  given(opens(), altered(3, 4))
    .when(altered(3, 4, 5))
    .happens({ type: 'PostsAltered', entries: [5] })
  given(opens(), altered(3)).when(altered(3)).happens()
})
