/** `peerage record`: the records of a group, or of a graph. */
import type { Command } from 'commander'
import type { Attributes } from '../peer-node/public-attributes.ts'
import type { Cursor, PeerRecord, Records } from '../peer-node/records.ts'
import { parseRecordId } from '../records/record-id.ts'
import { toUtf8 } from '../runtime/bytes.ts'
import type { Duration } from '../runtime/duration.ts'
import { PeerageError } from '../runtime/peerage-error.ts'
import { collectAttribute } from './attribute-option.ts'
import type { CommandContext } from './command-context.ts'
import { endless, type Need, type Opened, useGroupOrGraph } from './group-or-graph.ts'
import { WHOSE_OPTION } from './group-reference.ts'
import { readBytes, STANDARD_INPUT } from './input.ts'
import { readExpires } from './option-values.ts'
import { PeerLabels } from './peer-labels.ts'
import { changeDocument, changeLine, recordColumns, recordDocument, recordText } from './record-document.ts'
import { bytesType, jsonType, jsonValue } from './record-type-option.ts'
import { stopSignal } from './stop-signal.ts'

/** How long a record lives if nothing is said. */
const DEFAULT_LIFE = '30d'
/** In bytes: more than any record can have, which then says what to use instead. */
const LONGEST_PAYLOAD = 2 ** 20

interface Whose {
  readonly identity?: string
}

interface WritingOptions extends Whose {
  readonly data?: string
  readonly file?: string
  readonly attr?: Attributes
  readonly expires?: Duration | Date
}

export function addRecordCommands(program: Command, context: CommandContext): void {
  const record = program
    .command('record')
    .description('records: small data that every member of a group keeps until it expires')
    .addHelpText(
      'after',
      '\nA group is named by its peer name, the first digits of that (4 or more) or its friendly name.',
    )
  addWritingCommands(record, context)
  addReadingCommands(record, context)
}

function addWritingCommands(record: Command, context: CommandContext): void {
  const { output } = context
  withPayload(record.command('add <group> [input]'))
    .description('add a record; the payload is a text, a file, or standard input (-)')
    .requiredOption('--type <type>', 'such as note, or chat.message; with ~ before it, it is never stored')
    .option('--as-json', 'write the payload as JSON, for programs whose record type has a schema')
    .option('--expires <time>', `how long it lives, such as 1h, or until when (default: ${DEFAULT_LIFE})`, readExpires)
    .action(
      (
        reference: string,
        input: string | undefined,
        options: WritingOptions & { readonly type: string; readonly asJson?: boolean },
        command: Command,
      ) =>
        using(context, reference, options, 'records', async (records) => {
          const { type, asJson = false, attr: attributes, expires = DEFAULT_LIFE } = options
          const payload = await payloadOf(input, options, command)
          const writing = { attributes, expires }
          const { id } = asJson
            ? await records.add(jsonType(type), jsonValue(payload), writing)
            : await records.add(bytesType(type), payload, writing)
          output.result(recordDocument(await present(records, id)), id)
        }),
    )

  withPayload(record.command('update <group> <id> [input]'))
    .description('replace the payload of a record; what is not given stays')
    .option('--expires <time>', 'how long it lives from now, such as 1h, or until when', readExpires)
    .action((reference: string, text: string, input: string | undefined, options: WritingOptions, command: Command) =>
      using(context, reference, options, 'records', async (records) => {
        const { type, encoding, id } = await present(records, text)
        const payload = await payloadOf(input, options, command)
        const writing = { attributes: options.attr, expires: options.expires }
        if (encoding === 'json') await records.update(jsonType(type), id, jsonValue(payload), writing)
        else await records.update(bytesType(type), id, payload, writing)
        const updated = await present(records, id)
        output.result(recordDocument(updated), `${id} is of version ${updated.version} now.`)
      }),
    )

  withIdentity(record.command('delete <group> <id>'))
    .description('delete a record, for all members and for good')
    .action((reference: string, text: string, options: Whose) =>
      using(context, reference, options, 'records', async (records) => {
        const id = parseRecordId(text)
        await records.delete(id)
        output.result({ id, deleted: true }, `${id} is deleted.`)
      }),
    )
}

function addReadingCommands(record: Command, context: CommandContext): void {
  const { output } = context
  withIdentity(record.command('get <group> <id>'))
    .description('print a record')
    .action((reference: string, id: string, options: Whose) =>
      using(context, reference, options, 'records', async (records) => {
        const found = await present(records, id)
        output.result(recordDocument(found), recordText(found))
      }),
    )

  withIdentity(record.command('list <group>'))
    .description('print the records that are here now')
    .option('--type <type>', 'only those of one type')
    .option('--where <query>', `only what this finds, such as 'author = "Ann" and year >= 1999'`)
    .action((reference: string, options: Whose & { readonly type?: string; readonly where?: string }) =>
      using(context, reference, options, 'records', async (records, opened) => {
        const { type, where } = options
        const listed = type === undefined ? records.list('all', { where }) : records.list(bytesType(type), { where })
        const labels = new PeerLabels(opened)
        await labels.load()
        const [columns, nouns] = [recordColumns(labels), ['record', 'records'] as const]
        await output.listing(listed, { document: recordDocument, columns, nouns })
      }),
    )

  withIdentity(record.command('watch <group>'))
    .description('print the records that are here, then each change, until Ctrl-C')
    .option('--type <type>', 'only those of one type')
    .option('--from <place>', 'now: only what changes; or the cursor of a change: what changed since')
    .action((reference: string, options: Whose & { readonly type?: string; readonly from?: string }) =>
      using(context, reference, options, 'others', async (records, opened) => {
        const stopped = new AbortController()
        void stopSignal().then(() => stopped.abort())
        const watching = { from: placeOf(options.from), signal: stopped.signal }
        const { type } = options
        const changes = type === undefined ? records.watch('all', watching) : records.watch(bytesType(type), watching)
        const printAll = async (): Promise<void> => {
          for await (const change of changes) output.result(changeDocument(change), changeLine(change))
        }
        try {
          await endless(opened, printAll())
        } catch (error) {
          if (error !== stopped.signal.reason) throw error
        }
      }),
    )
}

function withIdentity(command: Command): Command {
  return command.option(...WHOSE_OPTION)
}

function withPayload(command: Command): Command {
  return withIdentity(command)
    .option('--data <text>', 'the payload, as a text')
    .option('--file <file>', 'a file with the payload')
    .option(
      '--attr <name=value>',
      'an attribute to search by; repeat it; name:text=value is never a number or date',
      collectAttribute,
    )
}

function using(
  context: CommandContext,
  reference: string,
  { identity }: Whose,
  need: Need,
  body: (records: Records, opened: Opened) => Promise<void>,
): Promise<void> {
  return useGroupOrGraph(context, { reference, identity }, need, (opened) => body(opened.graph.records, opened))
}

/** @throws PeerageError `record-not-found` */
async function present(records: Records, text: string): Promise<PeerRecord<Uint8Array>> {
  const found = await records.get('all', parseRecordId(text))
  if (found === undefined) throw new PeerageError('record-not-found', { id: text })
  return found
}

async function payloadOf(
  input: string | undefined,
  { data, file }: WritingOptions,
  command: Command,
): Promise<Uint8Array> {
  if (input !== undefined && input !== STANDARD_INPUT) {
    command.error('error: give a payload with --data or --file; in their place stands only - for standard input')
  }
  const [given, ...others] = [data, file, input].filter((one) => one !== undefined)
  if (given === undefined || others.length > 0) {
    command.error('error: give one payload: with --data, with --file, or - for standard input')
  }
  if (data === undefined) return readBytes(given, LONGEST_PAYLOAD)
  if (!data.isWellFormed()) command.error('error: the text of --data is no Unicode')
  return toUtf8(data)
}

/** Only the database that made a cursor knows whether it is one. */
function placeOf(from: string | undefined): 'stored' | 'now' | Cursor {
  if (from === undefined || from === 'stored' || from === 'now') return from ?? 'stored'
  return from as Cursor
}
