"""Compare languages as people and films write them: "de", "deu", "ger", "de-AT"."""

from typing import Final

# ISO 639-1 = ISO 639-3, and ISO 639-2/B = ISO 639-3, from iso-codes.
_THREE_LETTERS: Final = dict(
    pair.split("=")
    for pair in """
aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul bh=bih bi=bis
bm=bam bn=ben bo=bod br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=ces cu=chu cv=chv cy=cym da=dan de=deu dv=div
dz=dzo ee=ewe el=ell en=eng eo=epo es=spa et=est eu=eus fa=fas ff=ful fi=fin fj=fij fo=fao fr=fra fy=fry ga=gle gd=gla
gl=glg gn=grn gu=guj gv=glv ha=hau he=heb hi=hin ho=hmo hr=hrv ht=hat hu=hun hy=hye hz=her ia=ina id=ind ie=ile ig=ibo
ii=iii ik=ipk io=ido is=isl it=ita iu=iku ja=jpn jv=jav ka=kat kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor
kr=kau ks=kas ku=kur kv=kom kw=cor ky=kir la=lat lb=ltz lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah
mi=mri mk=mkd ml=mal mn=mon mr=mar ms=msa mt=mlt my=mya na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld nn=nno no=nor nr=nbl
nv=nav ny=nya oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh rn=run ro=ron ru=rus
rw=kin sa=san sc=srd sd=snd se=sme sg=sag si=sin sk=slk sl=slv sm=smo sn=sna so=som sq=sqi sr=srp ss=ssw st=sot su=sun
sv=swe sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn to=ton tr=tur ts=tso tt=tat tw=twi ty=tah ug=uig
uk=ukr ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho yi=yid yo=yor za=zha zh=zho zu=zul
alb=sqi arm=hye baq=eus bur=mya chi=zho cze=ces dut=nld fre=fra geo=kat ger=deu gre=ell ice=isl mac=mkd mao=mri
may=msa per=fas rum=ron slo=slk tib=bod wel=cym
""".split()
)


def words(text: str) -> list[str]:
    """Return the languages of a list as mpv writes it: "de,en"."""
    return [word for each in text.split(",") if (word := each.strip())]


def likeness(wanted: str, language: str) -> int:
    """Return how well a language fits a wanted one: 0 if it is another one, else the number of parts that they share.

    The first part is the language itself; the others are its script, country and so on.
    """
    asked, has = (_parts(text) for text in (wanted, language))
    if not asked[0] or asked[0] != has[0]:
        return 0
    return 1 + len(set(asked[1:]) & set(has[1:]))


def _parts(tag: str) -> list[str]:
    first, *others = tag.strip().lower().replace("_", "-").split("-")
    return [_THREE_LETTERS.get(first, first), *others]
