const { generateKeyPairSync } = require('node:crypto');
const jwt = require('jsonwebtoken');
const claims = { sub: 'ada', iat: 1700000000 };
for (const algorithm of ['HS256', 'HS384', 'HS512']) console.log(jwt.sign(claims, 'shared secret', { algorithm }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' } });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
for (const [algorithm, privateKey, publicKey] of [['RS256', { key: rsa.privateKey, passphrase: 'p' }, rsa.publicKey], ['PS384', { key: rsa.privateKey, passphrase: 'p' }, rsa.publicKey], ['ES256', ec.privateKey, ec.publicKey]]) {
  const token = jwt.sign(claims, privateKey, { algorithm, expiresIn: '1h', issuer: 'me' });
  console.log(algorithm, jwt.decode(token, { complete: true }).header, jwt.verify(token, publicKey, { issuer: 'me', clockTimestamp: 1700000010 }));
  for (const [what, options] of [['expired', { clockTimestamp: 1800000000 }], ['issuer', { issuer: 'you', clockTimestamp: 1700000010 }]])
    try { jwt.verify(token, publicKey, options); } catch (error) { console.log(what, error.name, error.message); }
  try { jwt.verify(`${token.slice(0, -6)}AAAAAA`, publicKey); } catch (error) { console.log(error.name, error.message); }
}
