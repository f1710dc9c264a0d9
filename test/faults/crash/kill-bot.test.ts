import { fault } from '../harness/fault.ts'
import { killedOnTheWay } from './deaths.ts'

fault({
  ...killedOnTheWay,
  variants: [
    'when a click arrives',
    'inside the append of an approval',
    'after the ledger took an approval',
    'before the acknowledgement',
    'after the acknowledgement',
    'before an order is put into the queue',
    'after an order was put into the queue',
    'before a message to Slack is sent',
    'after a message to Slack was answered',
  ],
})
