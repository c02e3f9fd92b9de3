/** What the certificates of a group say, as they are issued and as openssl prints them. */
import { expect, test } from 'vitest'
import { authorityBytes, subjectPublicKeyInfo } from '../../src/identity/authority.ts'
import type { Certificate } from '../../src/identity/certificate/certificate.ts'
import type { ExtensionName } from '../../src/identity/certificate/certificate-profile.ts'
import { readCertificate } from '../../src/identity/certificate/certificate-reader.ts'
import { verifyCertificate } from '../../src/identity/certificate/certificate-verification.ts'
import { CERTIFICATE_LABEL } from '../../src/identity/certificate/identity-certificate.ts'
import { derElement } from '../../src/identity/der-writer.ts'
import { authorityPart, makePeerName } from '../../src/identity/peer-name.ts'
import { encodePem } from '../../src/identity/pem.ts'
import { ROLES, type Role } from '../../src/identity/role.ts'
import { fromHex, toHex } from '../../src/runtime/bytes.ts'
import { refusalOf, withExtension } from '../identity/certificate/certificate-samples.ts'
import { octets, sequence } from '../identity/certificate/raw-der.ts'
import { opensslOutput } from '../identity/openssl.ts'
import { crypto } from '../identity/platform.ts'
import { person, SampleGroup } from './issuing-samples.ts'

const group = new SampleGroup()
const bob = person(7, 'Bob')

const printed = ({ der }: Certificate, ...options: readonly string[]): string =>
  opensslOutput(['x509', '-in', 'certificate', '-noout', ...options], {
    certificate: encodePem(CERTIFICATE_LABEL, der),
  })

const problemOf = (der: Uint8Array): string => refusalOf(() => readCertificate(der)).problem

test('P-002: a GRC says what it is: self-signed, type 2, twice the name of the group, and no roles, classifiers or issuer', () => {
  const { root, keyPair } = group.made
  verifyCertificate(crypto, root, keyPair.publicKey)
  const text = printed(root, '-text')
  expect(root).toMatchObject({ kind: 'group-root', subject: root.issuer, publicKey: keyPair.publicKey })
  expect(printed(root, '-subject', '-issuer', '-nameopt', 'utf8')).toMatch(
    /subject=CN ?= ?Book club\nissuer=CN ?= ?Book club\n/,
  )
  expect(printed(root, '-ext', 'subjectAltName')).toContain(`othername: 1.3.6.1.4.1.311.44.0.2::${group.name}`)
  // Type 2, and the name of the group, as bytes.
  expect(toHex(root.der)).toContain('060a2b0601040182372c0001' + '0406' + '0404' + '02000000')
  expect(text.match(/1\.3\.6\.1\.4\.1\.311\.44\.3\.1: ?$/m)).not.toBeNull()
  expect(toHex(root.der).split(toHex(new TextEncoder().encode(group.name)))).toHaveLength(3)
  for (const absent of ['1.3.6.1.4.1.311.44.3.3', '1.3.6.1.4.1.311.44.3.5', 'Issuer Alternative Name']) {
    expect(text).not.toContain(absent)
  }
  const foreign: readonly ExtensionName[] = ['roles', 'classifiers', 'issuerAltName']
  for (const name of foreign) {
    const taken = withExtension('groupRoot', name, sequence())
    expect({ name, problem: problemOf(taken) }).toEqual({ name, problem: 'unexpected-extension' })
  }
})

test('P-003: a GMC says whose it is, by whom, in which group, with which roles and classifiers', () => {
  const { leaf } = group.admit(group.creator.issuer, bob, 'inviting-member').chain
  const text = printed(leaf, '-text')
  const own = makePeerName(authorityPart(bob.peerName), '')
  expect(toHex(leaf.der)).toContain('060a2b0601040182372c0001' + '0406' + '0404' + '01000000')
  expect(toHex(leaf.der)).toContain(toHex(subjectPublicKeyInfo(bob.keyPair.publicKey)))
  expect(printed(leaf, '-ext', 'subjectAltName')).toContain(`othername: 1.3.6.1.4.1.311.44.0.2::${own}`)
  const issuer = makePeerName(authorityPart(group.creator.peerName), '')
  expect(printed(leaf, '-ext', 'issuerAltName')).toContain(`othername: 1.3.6.1.4.1.311.44.0.2::${issuer}`)
  expect(leaf).toMatchObject({ groupPeerName: group.name, roles: ['inviting-member'], classifiers: ['participant'] })
  const keyIdentifier = toHex(authorityBytes(authorityPart(group.creator.peerName))).toUpperCase()
  expect(printed(leaf, '-ext', 'authorityKeyIdentifier').replaceAll(':', '')).toContain(keyIdentifier)
  for (const identifier of ['44.3.1', '44.3.3', '44.3.5']) expect(text).toContain(`1.3.6.1.4.1.311.${identifier}:`)
  const needed: readonly ExtensionName[] = [
    ...(['subjectAltName', 'issuerAltName', 'group peer name', 'roles', 'classifiers'] as const),
    ...(['authorityKeyIdentifier', 'certificate type'] as const),
  ]
  for (const name of needed) {
    const lacking = withExtension('groupMembership', name, undefined)
    expect({ name, problem: problemOf(lacking) }).toEqual({ name, problem: 'missing-extension' })
  }
  expect(problemOf(withExtension('groupMembership', 'roles', sequence()))).toBe('roles')
})

test('P-004: roles are their UUIDs in the order of the digits, and the one that MS-PNRP has for inviting members is none', () => {
  const uuids: Readonly<Record<Role, string>> = {
    administrator: '04387127-aa56-450a-8ce5-4f565c6790f4',
    'inviting-member': '4370fd89-dc18-4cfb-8dbf-9853a8a9f905',
    member: 'f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2',
  }
  const value = (uuid: string): Uint8Array => sequence(octets(...(fromHex(uuid.replaceAll('-', '')) ?? [])))
  for (const role of ROLES) {
    const { leaf } = group.admit(group.creator.issuer, bob, role).chain
    const extension = derElement(0x04, value(uuids[role]))
    expect(toHex(leaf.der)).toContain(`060a2b0601040182372c0303${toHex(extension)}`)
    expect(readCertificate(leaf.der)).toMatchObject({ roles: [role] })
  }
  const picture = value('dd15f41f-fc4e-4922-b035-4c06a754d01d')
  expect(problemOf(withExtension('groupMembership', 'roles', picture))).toBe('roles')
})
