let unused = 1;
let fixed = 2;
if (fixed == 2) missing();
console.log(fixed);
