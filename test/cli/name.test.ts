import { describe, expect, test } from 'vitest'
import { documents, peerage } from './command-process.ts'

describe('peerage name', () => {
  test('I-17, N-110: host prints the host name of a peer name, from-host the peer name of a host name', async () => {
    expect(await peerage(['name', 'host', '0.JohnDoe.Games'])).toEqual({
      code: 0,
      stdout: 'j-ohnd-oe1-g-ames.0.peerage.alt\n',
      stderr: '',
    })
    expect(await peerage(['name', 'from-host', 'J-OHND-OE1-G-AMES.0.PEERAGE.ALT'])).toEqual({
      code: 0,
      stdout: '0.JohnDoe.Games\n',
      stderr: '',
    })
  })

  test('with --json, before or after the command, a result is one document on standard output', async () => {
    const expected = { peerName: '0.chat', hostName: 'chat.0.peerage.alt' }
    for (const words of [
      ['--json', 'name', 'host', '0.chat'],
      ['name', 'host', '0.chat', '--json'],
    ]) {
      const { code, stdout, stderr } = await peerage(words)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(documents(stdout)).toEqual([expected])
    }
  })

  test('a name that is refused exits with 1, its code and what to do', async () => {
    const people = await peerage(['name', 'host', 'nodot'])
    expect(people.code).toBe(1)
    expect(people.stdout).toBe('')
    expect(people.stderr).toMatch(/"nodot" is not a peer name.*\n.*authority\.classifier/)
    const programs = await peerage(['name', 'host', 'nodot', '--json'])
    expect(programs.code).toBe(1)
    expect(documents(programs.stderr)).toEqual([{ error: expect.objectContaining({ code: 'invalid-peer-name' }) }])
  })

  test('misuse exits with 2 and shows how it is meant', async () => {
    const people = await peerage(['name', 'host'])
    expect(people.code).toBe(2)
    expect(people.stderr).toMatch(/missing required argument 'name'[\s\S]*--help/)
    const programs = await peerage(['nonsense', '--json'])
    expect(programs.code).toBe(2)
    expect(documents(programs.stderr)).toEqual([{ error: { code: 'misuse', message: "unknown command 'nonsense'" } }])
  })

  test('a name from elsewhere cannot steer the terminal', async () => {
    const { stdout } = await peerage(['name', 'host', '0.\u001b[2J'])
    const { stdout: back } = await peerage(['name', 'from-host', stdout.trim()])
    expect(back).toBe('0.\\u{1b}[2J\n')
  })
})
