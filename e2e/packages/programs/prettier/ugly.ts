export  const f=(a:number,b?:string)=>{ return {a,b,
c:[1,2,3].map(x=>x*2)}}
type  A<T>={[K in keyof T]?:T[K]}
