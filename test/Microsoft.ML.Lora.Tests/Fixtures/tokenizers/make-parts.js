// Writes parts.json: small tokenizers, each with a part that the shared checkpoints do not use, and the ids that
// Hugging Face's library gives for some texts. npm install tokenizers@0.23.2 && node make-parts.js parts.json
'use strict';
const {Tokenizer}=require('tokenizers'); const fs=require('fs');
const words=['[UNK]','[CLS]','[SEP]','[MASK]','a','b','c','ab','abc','hello','world','##s','##ing','1','2','12','.',',','!','-','▁','▁a','▁ab','▁hello','he','llo','é','e','café','日','本','😀','ing','s','Hello','HELLO','x','y','z','0','9',"'",'"','(',')','_','#','##a','##b','##c','##e','o','l','w','r','d','h','i','n','g','t','u','m','ﬁ','f','①'];
const vocab={}; words.forEach((w,i)=>vocab[w]=i);
const uni=words.map((w,i)=>[w, w.startsWith('[')?0: -1-(i%17)*0.37-0.2*(5-Math.min(5,w.length))]);
const WP={type:'WordPiece',unk_token:'[UNK]',continuing_subword_prefix:'##',max_input_chars_per_word:12,vocab};
const UG={type:'Unigram',unk_id:0,vocab:uni,byte_fallback:false};
const WL={type:'WordLevel',unk_token:'[UNK]',vocab};
const bv={}; ['<unk>',...'abcdefghijklmnopqrstuvwxyzHELO0129.,!- ▁é日本'.split(''),'he','ll','llo','hello','ab','abc','in','ing','wo','wor','▁h','▁he','▁hello','ld'].forEach((w,i)=>bv[w]=i);
const BPE=(o={})=>({type:'BPE',dropout:null,unk_token:'<unk>',continuing_subword_prefix:null,end_of_word_suffix:null,fuse_unk:false,byte_fallback:false,ignore_merges:false,vocab:bv,merges:['h e','l l','ll o','he llo','a b','ab c','i n','in g','w o','wo r','▁ h','▁h e','▁he llo','l d'],...o});
const bvs={}; ['<unk>',...'abchelow'.split(''),'a</w>','b</w>','o</w>','he','ll','llo</w>','hello</w>','lo</w>'].forEach((w,i)=>bvs[w]=i);
const BPES={type:'BPE',unk_token:'<unk>',end_of_word_suffix:'</w>',fuse_unk:true,vocab:bvs,merges:['h e','l l','ll o</w>','he llo</w>']};
const bvp={}; ['<unk>',...'abchelow'.split(''),'##a','##b','##l','##o','##e','ab','##ll','##llo','he','hello'].forEach((w,i)=>bvp[w]=i);
const BPEP={type:'BPE',unk_token:'<unk>',continuing_subword_prefix:'##',vocab:bvp,merges:['a ##b','##l ##l','##ll ##o','h ##e','he ##llo']};
const bf={}; ['<unk>','a','b','ab',...Array.from({length:256},(_,i)=>'<0x'+i.toString(16).toUpperCase().padStart(2,'0')+'>')].forEach((w,i)=>bf[w]=i);
const BPEB={type:'BPE',unk_token:'<unk>',byte_fallback:true,vocab:bf,merges:['a b']};
const ws={type:'WhitespaceSplit'};
const N=n=>({type:n}); const seqN=(...a)=>({type:'Sequence',normalizers:a}); const seqP=(...a)=>({type:'Sequence',pretokenizers:a});
const added=(o)=>[{id:3,content:'[MASK]',single_word:false,lstrip:false,rstrip:false,normalized:false,special:true,...o}];
const cases={
 'NFC':{normalizer:N('NFC'),pre_tokenizer:ws,model:WL}, 'NFD':{normalizer:N('NFD'),pre_tokenizer:ws,model:UG}, 'NFKC':{normalizer:N('NFKC'),pre_tokenizer:ws,model:UG}, 'NFKD accents lower':{normalizer:seqN(N('NFKD'),N('StripAccents'),N('Lowercase')),pre_tokenizer:ws,model:UG},
 'Nmt':{normalizer:N('Nmt'),pre_tokenizer:ws,model:UG},
 'Strip left':{normalizer:{type:'Strip',strip_left:true,strip_right:false},pre_tokenizer:{type:'Metaspace',replacement:'▁',prepend_scheme:'always'},model:UG},
 'Prepend Replace':{normalizer:seqN({type:'Prepend',prepend:'▁'},{type:'Replace',pattern:{String:' '},content:'▁'}),model:BPE()},
 'Replace runs':{normalizer:{type:'Replace',pattern:{Regex:' {2,}'},content:' '},pre_tokenizer:{type:'Metaspace',replacement:'▁',prepend_scheme:'never'},model:UG},
 'Metaspace first':{pre_tokenizer:{type:'Metaspace',replacement:'▁',prepend_scheme:'first',split:true},model:UG,added_tokens:added({})},
 'Metaspace whole':{pre_tokenizer:{type:'Metaspace',replacement:'▁',prepend_scheme:'always',split:false},model:UG},
 'Metaspace after split':{pre_tokenizer:seqP(ws,{type:'Metaspace',replacement:'▁',prepend_scheme:'first',split:true}),model:UG},
 'Whitespace':{pre_tokenizer:N('Whitespace'),model:WP},
 'Punctuation isolated':{pre_tokenizer:seqP(ws,{type:'Punctuation',behavior:'Isolated'}),model:WP},
 'Punctuation removed':{pre_tokenizer:seqP(ws,{type:'Punctuation',behavior:'Removed'}),model:WP},
 'Punctuation previous':{pre_tokenizer:seqP(ws,{type:'Punctuation',behavior:'MergedWithPrevious'}),model:UG},
 'Punctuation next':{pre_tokenizer:seqP(ws,{type:'Punctuation',behavior:'MergedWithNext'}),model:UG},
 'Punctuation contiguous':{pre_tokenizer:seqP(ws,{type:'Punctuation',behavior:'Contiguous'}),model:UG},
 'Digits':{pre_tokenizer:seqP(ws,{type:'Digits',individual_digits:false}),model:WP}, 'Digits apart':{pre_tokenizer:seqP(ws,{type:'Digits',individual_digits:true}),model:WP},
 'Delimiter':{pre_tokenizer:{type:'CharDelimiterSplit',delimiter:'-'},model:UG},
 'Split removed':{pre_tokenizer:{type:'Split',pattern:{String:' '},behavior:'Removed',invert:false},model:WP}, 'Split previous':{pre_tokenizer:{type:'Split',pattern:{String:'ab'},behavior:'MergedWithPrevious',invert:false},model:UG}, 'Split inverted':{pre_tokenizer:{type:'Split',pattern:{String:'ab'},behavior:'Removed',invert:true},model:UG},
 'BPE':{pre_tokenizer:ws,model:BPE()}, 'BPE fused':{pre_tokenizer:ws,model:BPE({fuse_unk:true})}, 'BPE whole words first':{pre_tokenizer:ws,model:BPE({ignore_merges:true,merges:[]})}, 'BPE suffix':{pre_tokenizer:ws,model:BPES}, 'BPE prefix':{pre_tokenizer:ws,model:BPEP}, 'BPE bytes':{pre_tokenizer:ws,model:BPEB},
 'BPE one piece':{model:BPE()},
 'Unigram one piece':{model:UG},
 'Added left':{pre_tokenizer:ws,model:WP,added_tokens:added({lstrip:true})}, 'Added right':{pre_tokenizer:{type:'Metaspace',replacement:'▁',prepend_scheme:'always'},model:UG,added_tokens:added({rstrip:true})}, 'Added word':{pre_tokenizer:ws,model:WP,added_tokens:[{id:3,content:'ab',single_word:true,lstrip:false,rstrip:false,normalized:false,special:false}]},
 'Added normalized':{normalizer:N('Lowercase'),pre_tokenizer:ws,model:WP,added_tokens:[{id:70,content:'Hello',single_word:false,lstrip:false,rstrip:false,normalized:true,special:false},{id:3,content:'[MASK]',single_word:false,lstrip:false,rstrip:false,normalized:false,special:true}]},
 'Added longest':{pre_tokenizer:ws,model:WP,added_tokens:[{id:71,content:'ab',normalized:false,single_word:false,lstrip:false,rstrip:false,special:false},{id:72,content:'abc',normalized:false,single_word:false,lstrip:false,rstrip:false,special:false}]},
 'Bert cased no cjk':{normalizer:{type:'BertNormalizer',clean_text:false,handle_chinese_chars:false,strip_accents:true,lowercase:false},pre_tokenizer:N('BertPreTokenizer'),model:WP},
};
const texts=['','hello world','  Hello   HELLO ab  ','ab-abc, (abc)!!  12 9a 0-1','x[MASK] y [MASK]  z[MASK]','café cafe\u0301 CAFÉ ﬁ ① Å','日本 日x本 😀😀 x😀y','abcabcabc hellohello helloing','a\tb\nc\r\nd\u00a0e\u3000f\u2003g','ab abab ab. .ab _ab_ ab','hello\u200bworld \u0001\u007f\ufeff\ufffd','a - b--c ---','"\'" (\')','aaaaaaaaaaaaaaaaaaaa','Hello[MASK]Hello hello',' [MASK]','▁hello ▁ ab','한국어 ㄱ\u1161 กำ','abcab ab1 1ab'];
(async()=>{ const out=[]; for(const [name,c] of Object.entries(cases)){ const tok={version:'1.0',truncation:null,padding:null,added_tokens:c.added_tokens||[],normalizer:c.normalizer||null,pre_tokenizer:c.pre_tokenizer||null,post_processor:null,decoder:null,model:c.model};
 const t=Tokenizer.fromString(JSON.stringify(tok)); const ids=[]; for(const s of texts) ids.push((await t.encode(s)).getIds()); out.push({name,tokenizer:tok,ids}); }
 const decoders=[]; for(const [name,decoder,tokens] of [
  ['WordPiece',{type:'WordPiece',prefix:'##',cleanup:true},['hel','##lo','world','.','do',"n't",'it',"'s",'!','##x']], ['WordPiece plain',{type:'WordPiece',prefix:'##',cleanup:false},['##hel','##lo','.',',']],
  ['ByteLevel',{type:'ByteLevel',add_prefix_space:true,trim_offsets:true,use_regex:true},['Hello','Ġw','orld','Ã©','ðŁĺ','Ģ','Ã','[SEP]','日']],
  ['Metaspace',{type:'Metaspace',replacement:'▁',prepend_scheme:'always',split:true},['▁Hello','▁wor','ld','▁','▁▁x']], ['Metaspace never',{type:'Metaspace',replacement:'▁',prepend_scheme:'never',split:true},['▁Hello','▁wor']],
  ['BPEDecoder',{type:'BPEDecoder',suffix:'</w>'},['hel','lo</w>','world</w>']],
  ['Bytes',{type:'Sequence',decoders:[{type:'Replace',pattern:{String:'▁'},content:' '},{type:'ByteFallback'},{type:'Fuse'},{type:'Strip',content:' ',start:1,stop:0}]},['▁Hello','<0xC3>','<0xA9>','x','<0xFF>','<0xC3>','▁y']],
  ['none',null,['a','b']],
 ]){ const v={}; tokens.forEach(t=>{ if(!(t in v)) v[t]=Object.keys(v).length; }); const tok={version:'1.0',truncation:null,padding:null,added_tokens:[],normalizer:null,pre_tokenizer:null,post_processor:null,decoder,model:{type:'WordLevel',unk_token:tokens[0],vocab:v}};
  const ids=tokens.map(t=>v[t]); decoders.push({name,tokenizer:tok,ids,text:await Tokenizer.fromString(JSON.stringify(tok)).decode(ids,false)}); }
 fs.writeFileSync(process.argv[2], '{"texts":'+JSON.stringify(texts)+',\n"cases":[\n'+out.map(o=>JSON.stringify(o)).join(',\n')+'\n],\n"decoders":[\n'+decoders.map(o=>JSON.stringify(o)).join(',\n')+'\n]}\n'); console.log(out.length); })();
