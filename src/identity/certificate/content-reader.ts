/**
 * What a certificate says, from its fields and extensions. Extensions that say something are read here;
 * the others are compared with what must stand in them.
 */
import { equalBytes, fromUtf8, toHex } from '../../runtime/bytes.ts'
import { PeerageError } from '../../runtime/peerage-error.ts'
import { DerReader } from '../der-reader.ts'
import {
  contextConstructed,
  contextPrimitive,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  SEQUENCE,
  UTF8_STRING,
} from '../der-tags.ts'
import { friendlyNameProblem } from '../friendly-name.ts'
import { hostNameIfAny } from '../host-name.ts'
import { authorityPart, checkClassifier, type PeerName, parsePeerName, requireSecured } from '../peer-name.ts'
import { ROLES, type Role } from '../role.ts'
import { type CertificateContent, type CertificateKind, MOST_CLASSIFIERS } from './certificate.ts'
import {
  CLASSIFIER_IDENTIFIER,
  EXTENSIONS,
  type ExtensionName,
  kindOfType,
  PEER_NAME_IDENTIFIER,
  roleOfIdentifier,
} from './certificate-profile.ts'
import { refused } from './certificate-refusal.ts'
import { parseGeneralizedTime } from './certificate-time.ts'
import type { Extensions } from './extension-reader.ts'

/** The fields outside the extensions. */
export type OuterFields = Pick<
  CertificateContent,
  'serialNumber' | 'issuer' | 'notBefore' | 'notAfter' | 'subject' | 'publicKey'
>

/** Reads the extensions. @throws PeerageError `malformed`, `invalid-certificate` */
export function readContent(fields: OuterFields, extensions: Extensions): CertificateContent {
  const content = readKind(fields, extensions)
  requireCommonName('subject', content.subject, content.peerName)
  if ('issuerPeerName' in content) {
    requireCommonName('issuer', content.issuer, content.issuerPeerName)
  } else if (content.issuer !== content.subject) {
    throw refused('common-name', 'it is self-signed, and its issuer is not its subject')
  }
  requireProfile(content, extensions)
  return content
}

function readKind(fields: OuterFields, extensions: Extensions): CertificateContent {
  const type = required(extensions, 'certificate type')
  const kind = kindOfType(type)
  if (kind === undefined) throw refused('certificate-type', 'its certificate type is none of 1 to 4 in 4 bytes')
  const peerName = readSubject(kind, extensions)
  const common = {
    ...fields,
    peerName,
    hasFlags: extensions.known.has(kind === 'identity' ? 'identity flags' : 'grouping flags'),
    unknownExtensions: extensions.unknown,
  }
  switch (kind) {
    case 'identity':
      return { kind, ...common }
    case 'group-root':
      if (readPeerName(extensions, 'group peer name') !== peerName) {
        throw refused('group-peer-name', 'its group peer name is not its subjectAltName')
      }
      return { kind, ...common }
    case 'group-membership':
      return { kind, ...common, ...readIssued(kind, extensions) }
    case 'link':
      return { kind, ...common, ...readIssued(kind, extensions), admitsUntil: readLinkExpiry(fields, extensions) }
  }
}

function readIssued(
  kind: CertificateKind,
  extensions: Extensions,
): { issuerPeerName: PeerName; groupPeerName: PeerName; roles: readonly Role[]; classifiers: readonly string[] } {
  const roles = readRoles(extensions)
  if (kind === 'link' && roles.length > 1) throw refused('roles', 'it is a link certificate with more than one role')
  const issuerPeerName = readPeerName(extensions, 'issuerAltName')
  const keyIdentifier = new DerReader(required(extensions, 'authorityKeyIdentifier'), 'authorityKeyIdentifier')
  const outer = keyIdentifier.enter(SEQUENCE, 'the identifier')
  requireKeyIdentifier(keyIdentifier, contextPrimitive(0), issuerPeerName)
  keyIdentifier.leave(outer, 'the identifier')
  keyIdentifier.finish('the identifier')
  return {
    issuerPeerName,
    groupPeerName: readPeerName(extensions, 'group peer name'),
    roles,
    classifiers: readClassifiers(extensions),
  }
}

function required(extensions: Extensions, name: ExtensionName): Uint8Array {
  const value = extensions.known.get(name)
  if (value === undefined) throw refused('missing-extension', `its ${name} is missing`)
  return value
}

/** Reads the peer name of the subject, and compares with it what is derived from it. */
function readSubject(kind: CertificateKind, extensions: Extensions): PeerName {
  const reader = new DerReader(required(extensions, 'subjectAltName'), 'subjectAltName')
  const names = reader.enter(SEQUENCE, 'the names')
  const peerName = parseSecuredName(readOtherName(reader, PEER_NAME_IDENTIFIER), 'subjectAltName')
  if (kind === 'identity') requireHostName(reader, peerName)
  reader.leave(names, 'the names')
  reader.finish('the names')
  const keyIdentifier = new DerReader(required(extensions, 'subjectKeyIdentifier'), 'subjectKeyIdentifier')
  requireKeyIdentifier(keyIdentifier, OCTET_STRING, peerName)
  keyIdentifier.finish('the identifier')
  return peerName
}

function requireHostName(reader: DerReader, peerName: PeerName): void {
  const expected = hostNameIfAny(peerName)
  const found = reader.atEnd ? undefined : fromUtf8(reader.content(contextPrimitive(2), 'the host name'))
  if (found !== expected) throw refused('host-name', 'its host name is not that of its peer name')
}

function requireKeyIdentifier(reader: DerReader, tag: number, peerName: PeerName): void {
  if (toHex(reader.content(tag, 'the identifier')) !== authorityPart(peerName)) {
    throw refused('key-identifier', 'a key identifier is not the authority of the peer name')
  }
}

/** Reads the one name in an extension, which must be a secured peer name. */
function readPeerName(extensions: Extensions, extension: ExtensionName): PeerName {
  const reader = new DerReader(required(extensions, extension), extension)
  const names = reader.enter(SEQUENCE, 'the names')
  const text = readOtherName(reader, PEER_NAME_IDENTIFIER)
  reader.leave(names, 'the names')
  reader.finish('the names')
  return parseSecuredName(text, extension)
}

function parseSecuredName(text: string, extension: ExtensionName): PeerName {
  try {
    return requireSecured(parsePeerName(text))
  } catch (error) {
    if (error instanceof PeerageError) throw refused('peer-name', `in its ${extension}, ${error.message}`)
    throw error
  }
}

function readRoles(extensions: Extensions): readonly Role[] {
  const reader = new DerReader(required(extensions, 'roles'), 'roles')
  const list = reader.enter(SEQUENCE, 'the roles')
  const roles: Role[] = []
  let previous = -1
  while (!reader.atEnd) {
    const role = roleOfIdentifier(reader.element(OCTET_STRING, 'a role'))
    if (role === undefined) throw refused('roles', 'it has an unknown role')
    const place = ROLES.indexOf(role)
    if (place <= previous) throw refused('roles', 'its roles are doubled or out of order')
    previous = place
    roles.push(role)
  }
  reader.leave(list, 'the roles')
  reader.finish('the roles')
  if (roles.length === 0) throw refused('roles', 'it has no role')
  return roles
}

function readClassifiers(extensions: Extensions): readonly string[] {
  const reader = new DerReader(required(extensions, 'classifiers'), 'classifiers')
  const list = reader.enter(SEQUENCE, 'the classifiers')
  const classifiers: string[] = []
  while (!reader.atEnd) {
    const classifier = readOtherName(reader, CLASSIFIER_IDENTIFIER)
    requireClassifier(classifier)
    if (classifiers.includes(classifier)) throw refused('classifiers', 'it has a classifier twice')
    classifiers.push(classifier)
    if (classifiers.length > MOST_CLASSIFIERS) {
      throw refused('classifiers', `it has more than ${MOST_CLASSIFIERS} classifiers`)
    }
  }
  reader.leave(list, 'the classifiers')
  reader.finish('the classifiers')
  return classifiers
}

function requireClassifier(classifier: string): void {
  try {
    checkClassifier(classifier)
  } catch (error) {
    if (error instanceof PeerageError) throw refused('classifiers', error.message)
    throw error
  }
}

/** Reads an otherName of this type, whose value is a text in UTF-8. */
function readOtherName(reader: DerReader, identifier: Uint8Array): string {
  const name = reader.enter(contextConstructed(0), 'a name')
  if (!equalBytes(reader.content(OBJECT_IDENTIFIER, 'the type of a name'), identifier)) {
    throw reader.malformed('a name is of another type')
  }
  const value = reader.enter(contextConstructed(0), 'the text of a name')
  const text = fromUtf8(reader.content(UTF8_STRING, 'the text of a name'))
  if (text === undefined) throw reader.malformed('a name is not valid UTF-8')
  reader.leave(value, 'the text of a name')
  reader.leave(name, 'a name')
  return text
}

function readLinkExpiry({ notBefore, notAfter }: OuterFields, extensions: Extensions): number {
  const reader = new DerReader(required(extensions, 'privateKeyUsagePeriod'), 'privateKeyUsagePeriod')
  const period = reader.enter(SEQUENCE, 'the period')
  const expiry = parseGeneralizedTime(reader.content(contextPrimitive(1), 'the end of the period'))
  reader.leave(period, 'the period')
  reader.finish('the period')
  if (expiry === undefined) throw refused('link-expiry', 'the expiry of the link is not a time')
  if (expiry < notBefore || expiry > notAfter) {
    throw refused('link-expiry', 'the link expires outside the validity of its certificate')
  }
  return expiry
}

/** A common name is a friendly name, or the peer name where there is none. */
function requireCommonName(field: 'subject' | 'issuer', text: string, peerName: PeerName): void {
  const problem = friendlyNameProblem(text)
  if (problem !== undefined && text !== peerName) {
    throw refused('common-name', `its ${field} is neither a friendly name (${problem}) nor its peer name`)
  }
}

function requireProfile(content: CertificateContent, extensions: Extensions): void {
  for (const { name, kinds, optional, value, problem } of EXTENSIONS) {
    const found = extensions.known.get(name)
    if (!kinds.includes(content.kind)) {
      if (found !== undefined) throw refused('unexpected-extension', `its kind of certificate has no ${name}`)
    } else if (found === undefined) {
      if (!optional) throw refused('missing-extension', `its ${name} is missing`)
    } else if (problem !== undefined && !equalBytes(found, value(content))) {
      throw refused(problem, `its ${name} is not that of a certificate like it`)
    }
  }
}
