import * as jose from 'jose';
const secret = new TextEncoder().encode('a secret of thirty-two characters');
const token = await new jose.SignJWT({ role: 'admin' }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1700000000).setSubject('ada').sign(secret);
console.log(token, (await jose.jwtVerify(token, secret)).payload);
for (const alg of ['RS256', 'PS512', 'ES256', 'ES384', 'EdDSA']) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const signed = await new jose.SignJWT({ alg }).setProtectedHeader({ alg }).sign(privateKey);
  const jwk = await jose.exportJWK(publicKey);
  const again = await jose.importSPKI(await jose.exportSPKI(publicKey), alg);
  console.log(alg, (await jose.jwtVerify(signed, again)).payload, jwk.kty, jwk.crv, (await jose.calculateJwkThumbprint(jwk)).length);
}
for (const [alg, enc] of [['dir', 'A256GCM'], ['A128KW', 'A128CBC-HS256'], ['RSA-OAEP-256', 'A256GCM'], ['ECDH-ES+A128KW', 'A192GCM'], ['PBES2-HS256+A128KW', 'A128GCM']]) {
  const pair = /^(RSA|ECDH)/.test(alg) ? await jose.generateKeyPair(alg) : null;
  const key = pair?.publicKey ?? (alg.startsWith('PBES2') ? secret : await jose.generateSecret(alg === 'dir' ? enc : alg));
  const sealed = await new jose.EncryptJWT({ hidden: alg }).setProtectedHeader({ alg, enc }).encrypt(key);
  console.log(alg, enc, (await jose.jwtDecrypt(sealed, pair?.privateKey ?? key, { keyManagementAlgorithms: [alg] })).payload);
}
await jose.jwtVerify(token, new Uint8Array(32)).catch((error) => console.log(error.code));
await jose.jwtVerify(token, secret, { maxTokenAge: 5 }).catch((error) => console.log(error.code, error.claim));
