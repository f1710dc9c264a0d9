import { actionNames } from '#/playbook/actions.ts'
import { approve, approveByTyping, approveTyped } from './inbound/approve.ts'
import { ask, askedWithInputs, lookAgain, lookedAgain, suspend, way } from './inbound/ask.ts'
import { attest, attested } from './inbound/attest.ts'
import { awareness, awarenessCorrected } from './inbound/awareness.ts'
import {
  approveChange,
  approveChangeWhy,
  changeApproved,
  changeDenied,
  denyChange,
  withdrawChange,
} from './inbound/change.ts'
import { close, closed } from './inbound/close.ts'
import { decide, decided } from './inbound/decide.ts'
import { denied, deny } from './inbound/deny.ts'
import type { Desk, Press, Shortcut, Submission } from './inbound/desk.ts'
import { expectFinding, findingExpected } from './inbound/expect.ts'
import { breakGlass, glassAnnounced, glassReviewed, reviewGlass } from './inbound/glass.ts'
import { hold, liftAgain, liftHold } from './inbound/hold.ts'
import { addToTimeline, note, noted, notedFromMessage } from './inbound/note.ts'
import { notified, notify } from './inbound/notify.ts'
import { followUp, opened, openIncident, playbookChosen } from './inbound/open-incident.ts'
import { askForPack } from './inbound/pack.ts'
import { readAgain } from './inbound/read-again.ts'
import { resume, resumeAll } from './inbound/resume.ts'
import { adoptPolicy, keyRegistered, registerKey, revokeKey } from './inbound/rules.ts'
import { showSecret } from './inbound/secret.ts'
import { skip, skipped } from './inbound/skip.ts'
import { stop, stopAll, stopped, stoppedAll } from './inbound/stop.ts'
import { takeCommand } from './inbound/take-command.ts'
import { timeline } from './inbound/timeline.ts'
import { withdraw } from './inbound/withdraw.ts'
import { fields, forms, presses, shortcuts, wayPress } from './references.ts'

type Handler<T> = (one: T, desk: Desk) => Promise<void>

/** Every button, menu line, and field that reports at once. */
export const pressed: Readonly<Record<string, Handler<Press>>> = {
  [presses.ask]: ask,
  [presses.approve]: approve,
  [presses.approveByTyping]: approveByTyping,
  [presses.deny]: deny,
  [presses.withdraw]: withdraw,
  [presses.suspend]: suspend,
  [presses.attest]: attest,
  [presses.expect]: expectFinding,
  [presses.decide]: decide,
  [presses.lookAgain]: lookAgain,
  ...Object.fromEntries(actionNames.map((action) => [wayPress(action), way])),
  [presses.skip]: skip,
  [presses.notify]: notify,
  [presses.secret]: showSecret,
  [presses.hold]: hold,
  [presses.liftHold]: liftHold,
  [presses.liftAgain]: liftAgain,
  [presses.breakGlass]: breakGlass,
  [presses.reviewGlass]: reviewGlass,
  [presses.note]: note,
  [presses.take]: takeCommand,
  [presses.pack]: askForPack,
  [presses.stop]: stop,
  [presses.stopAll]: stopAll,
  [presses.resume]: resume,
  [presses.resumeAll]: resumeAll,
  [presses.readSnapshot]: readAgain('snapshot'),
  [presses.readSweep]: readAgain('sweep'),
  [presses.timeline]: timeline,
  [presses.awareness]: awareness,
  [presses.followUp]: followUp,
  [presses.close]: close,
  [presses.adoptPolicy]: adoptPolicy,
  [presses.registerKey]: registerKey,
  [presses.revokeKey]: revokeKey,
  [presses.approveChange]: approveChange,
  [presses.approveChangeWhy]: approveChangeWhy,
  [presses.denyChange]: denyChange,
  [presses.withdrawChange]: withdrawChange,
  [presses.openForm]: async (press, desk) => openIncident(press, desk, {}),
  [fields.playbook]: playbookChosen,
  [presses.link]: async (press) => press.ack(),
}

/** Every form that is sent. */
export const sent: Readonly<Record<string, Handler<Submission>>> = {
  [forms.open]: opened,
  [forms.approveByTyping]: approveTyped,
  [forms.deny]: denied,
  [forms.skip]: skipped,
  [forms.attest]: attested,
  [forms.inputs]: askedWithInputs,
  [forms.expect]: findingExpected,
  [forms.decide]: decided,
  [forms.lookAgain]: lookedAgain,
  [forms.awareness]: awarenessCorrected,
  [forms.notify]: notified,
  [forms.breakGlass]: glassAnnounced,
  [forms.reviewGlass]: glassReviewed,
  [forms.note]: noted,
  [forms.noteFromMessage]: notedFromMessage,
  [forms.close]: closed,
  [forms.stop]: stopped,
  [forms.stopAll]: stoppedAll,
  [forms.registerKey]: keyRegistered,
  [forms.approveChange]: changeApproved,
  [forms.denyChange]: changeDenied,
}

export const used: Readonly<Record<string, Handler<Shortcut>>> = {
  [shortcuts.openIncident]: async (shortcut, desk) => openIncident(shortcut, desk, {}),
  [shortcuts.addToTimeline]: addToTimeline,
}
