import bcrypt from 'bcryptjs';
console.log(bcrypt.hashSync('secret', '$2b$06$abcdefghijklmnopqrstuu'), bcrypt.compareSync('secret', '$2b$06$abcdefghijklmnopqrstuuxLa0AkDDSrQ9VwNnETzOsObiucpMYgC'));
const hash = await bcrypt.hash('päss', 5);
console.log(hash.slice(0, 7), hash.length, bcrypt.getRounds(hash), await bcrypt.compare('päss', hash), await bcrypt.compare('pass', hash));
