/**
 * The second process of a contestant, for jobs that go from one process to another: the first one starts it and asks, and it
 * answers with a few texts, such as an address. It ends when the first one does, however that ends.
 */
import { fork } from 'node:child_process'

/** What a partner answers with, by name. */
export type Answer = Readonly<Record<string, string>>

export interface Partner {
  /** One question at a time, with what belongs to it. @throws Error if it ended, or left this out of its answer */
  ask(question: string, detail?: string): Promise<(name: string) => string>
}

/** @param program its file, beside that of the caller: `new URL('writer.ts', import.meta.url)` */
export function startPartner(program: URL, args: readonly string[]): Partner {
  const child = fork(program, args, { execPath: process.execPath, stdio: ['ignore', 2, 2, 'ipc'] })
  const name = program.pathname.split('/').at(-1)
  let ended: string | undefined
  child.once('exit', (code, signal) => {
    ended = `${name} ended with ${signal ?? code}`
  })
  return {
    ask: (question, detail = '') =>
      new Promise((resolve, reject) => {
        if (ended !== undefined) {
          reject(new Error(ended))
          return
        }
        const failed = (): void => reject(new Error(ended))
        child.once('exit', failed)
        child.once('message', (message) => {
          child.off('exit', failed)
          resolve((part) => {
            const text = isAnswer(message) ? message[part] : undefined
            if (text === undefined) throw new Error(`${name} answered ${question} without ${part}`)
            return text
          })
        })
        child.send([question, detail])
      }),
  }
}

/** Is the partner: answers each question with what belongs to it. */
export function bePartner(answers: Readonly<Record<string, (detail: string) => Promise<Answer>>>): void {
  // A rejection ends this process, and so whoever waits for its answer learns of it.
  process.on('message', (message) => void answer(message))
  process.once('disconnect', () => process.exit(0))
  if (!process.connected) process.exit(0)

  async function answer(message: unknown): Promise<void> {
    const [question, detail]: readonly unknown[] = Array.isArray(message) ? message : []
    const find = typeof question === 'string' ? answers[question] : undefined
    if (find === undefined || typeof detail !== 'string')
      throw new Error(`nobody here knows ${JSON.stringify(message)}`)
    const found = await find(detail)
    process.send?.(found)
  }
}

function isAnswer(message: unknown): message is Answer {
  return (
    typeof message === 'object' && message !== null && Object.values(message).every((one) => typeof one === 'string')
  )
}
