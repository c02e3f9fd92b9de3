/** What a node does for the methods about records. */
import type { Handlers } from './handlers.ts'
import { recordMethods as methods, typeOfProgram } from './record-methods.ts'

export function handleRecords(handlers: Handlers): void {
  handlers.call(methods.add, ({ graph, type, payload, ...writing }, { things }) =>
    things.graphs.get(graph).records.add(typeOfProgram(type), payload, writing),
  )
  handlers.call(methods.update, ({ graph, type, id, payload, ...writing }, { things }) =>
    things.graphs.get(graph).records.update(typeOfProgram(type), id, payload, writing),
  )
  handlers.command(methods.delete, ({ graph, id }, { things }) => things.graphs.get(graph).records.delete(id))
  handlers.call(methods.get, ({ graph, type, id }, { things }) => {
    const { records } = things.graphs.get(graph)
    return type === undefined ? records.get('all', id) : records.get(typeOfProgram(type), id)
  })
  handlers.stream(methods.list, ({ graph, type, ...listing }, { things, signal }) => {
    const { records } = things.graphs.get(graph)
    const options = { ...listing, signal }
    return type === undefined ? records.list('all', options) : records.list(typeOfProgram(type), options)
  })
  handlers.stream(methods.watch, ({ graph, type, from }, { things, signal }) => {
    const { records } = things.graphs.get(graph)
    const options = { from, signal }
    return type === undefined ? records.watch('all', options) : records.watch(typeOfProgram(type), options)
  })
}
