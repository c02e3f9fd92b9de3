/**
 * A to-do list that a group shares: what an application keeps in records, with no code for the network. `todo.ts` is a program
 * around it, and `todo-list.test-example.ts` tests it.
 */
import { type Graph, PeerageError, type RecordId, recordType } from 'peerage'
import { schemaOf } from './schema-of.ts'

/** A thing to do. */
export interface Task {
  readonly title: string
  readonly done: boolean
}

const isTask = (value: unknown): value is Task =>
  typeof value === 'object' &&
  value !== null &&
  'title' in value &&
  typeof value.title === 'string' &&
  'done' in value &&
  typeof value.done === 'boolean'

const Tasks = recordType('todo.task', {
  schema: schemaOf('task', isTask),
  expires: '365d',
  attributes: ({ done }) => ({ done: done ? 1 : 0 }), // by which records are searched
})

/** The list in one graph, or one group. Every member sees the same, and can use it offline. */
export class TodoList {
  readonly #graph: Pick<Graph, 'records'>

  constructor(graph: Pick<Graph, 'records'>) {
    this.#graph = graph
  }

  async add(title: string): Promise<RecordId> {
    return (await this.#graph.records.add(Tasks, { title, done: false })).id
  }

  /** Ticks a task off. If somebody changed it at the same moment, that is read first. */
  async tickOff(id: RecordId): Promise<void> {
    for (;;) {
      const task = await this.#graph.records.get(Tasks, id)
      if (task === undefined || task.payload.done) return
      try {
        await this.#graph.records.update(Tasks, id, { ...task.payload, done: true }, { ifVersion: task.version })
        return
      } catch (error) {
        if (!PeerageError.is(error, 'version-conflict')) throw error
      }
    }
  }

  /** What is still to be done. */
  async open(): Promise<ReadonlyMap<RecordId, string>> {
    const titles = new Map<RecordId, string>()
    for await (const { id, payload } of this.#graph.records.list(Tasks, { where: 'done = 0' }))
      titles.set(id, payload.title)
    return titles
  }
}
