/**
 * What of the files in a folder survives a loss of power, from a trace of the system calls of a process (`strace`): of each file
 * what it was when it was last forced to the disk, under the name that it had when its folder was.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** The calls to trace, with whole data in hexadecimal digits and with the paths of descriptors. */
export const TRACE_OPTIONS = [
  ...['-f', '-y', '-xx', '-s', '1000000'],
  ...['-e', 'trace=openat,pwrite64,write,ftruncate,fsync,fdatasync,rename,unlink'],
]

interface TracedFile {
  content: Uint8Array
  forced: Uint8Array
}

/** A folder as the calls so far have made it. */
export class TracedDisk {
  readonly #folder: string
  #names = new Map<string, TracedFile>()
  #forcedNames = new Map<string, TracedFile>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Takes in a line of the trace. @returns whether something was forced to the disk */
  take(line: string): boolean {
    const [, call = '', given = ''] = /^\d+ +(\w+)\((.*)/.exec(line) ?? []
    const strings = [...given.matchAll(/["<]((?:\\x[0-9a-f]{2})*)[">]/g)].map(([, digits = '']) => bytesOf(digits))
    const path = new TextDecoder().decode(call === 'openat' ? strings.at(-1) : strings[0])
    if (path === this.#folder && call === 'fsync') {
      this.#forcedNames = new Map(this.#names)
      return true
    }
    if (dirname(path) !== this.#folder) return false
    const name = basename(path)
    const file = this.#names.get(name)
    if (call === 'openat' && given.includes('O_CREAT') && file === undefined) {
      this.#names.set(name, { content: new Uint8Array(), forced: new Uint8Array() })
    } else if (call === 'pwrite64' && file !== undefined) {
      file.content = written(file.content, strings[1] ?? new Uint8Array(), Number(/, (\d+)(?:\)| <)/.exec(given)?.[1]))
    } else if (call === 'ftruncate' && file !== undefined) {
      file.content = resized(file.content, Number(/, (\d+)/.exec(given)?.[1]))
    } else if (call === 'rename' && file !== undefined) {
      this.#names.delete(name)
      this.#names.set(basename(new TextDecoder().decode(strings[1])), file)
    } else if (call === 'unlink') {
      this.#names.delete(name)
    } else if ((call === 'fsync' || call === 'fdatasync') && file !== undefined) {
      file.forced = file.content
      return true
    }
    return false
  }

  /** Makes a folder with what is left after a loss of power. */
  lose(folder: string): void {
    mkdirSync(folder, { mode: 0o700, recursive: true })
    for (const [name, { forced }] of this.#forcedNames) {
      // The index of the log is made anew.
      if (!name.endsWith('-shm')) writeFileSync(join(folder, name), forced, { mode: 0o600 })
    }
  }
}

/** The text that a line of the trace wrote to standard output. */
export function saidIn(line: string): string {
  const [, digits = ''] = /^\d+ +write\(1<[^>]*>, "((?:\\x[0-9a-f]{2})*)"/.exec(line) ?? []
  return new TextDecoder().decode(bytesOf(digits))
}

function bytesOf(escaped: string): Uint8Array {
  return Uint8Array.from(Buffer.from(escaped.replaceAll('\\x', ''), 'hex'))
}

function written(content: Uint8Array, data: Uint8Array, place: number): Uint8Array {
  const changed = resized(content, Math.max(content.length, place + data.length))
  changed.set(data, place)
  return changed
}

function resized(content: Uint8Array, length: number): Uint8Array {
  const changed = new Uint8Array(length)
  changed.set(content.subarray(0, length))
  return changed
}
