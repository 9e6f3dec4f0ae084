namespace PipeServer.StaticFiles;

/// <summary>
/// Content types by file name extension: what IANA's registry of media types names, then what Apache, nginx and Debian know besides. Where
/// they differ, what browsers want goes first (.js, .ts), then IANA.
/// </summary>
internal static class ContentTypeTable
{
    // One group for each prefix of a type; in it the rest of the type, an equals sign, and its extensions. Read once, when the first file is asked for.
    private const string Text = """
        application/:
        a2l=a2l aml=aml andrew-inset=ez annodex=anx appinstaller=appinstaller atf=atf atfx=atfx atom+xml=atom atomcat+xml=atomcat
        atomdeleted+xml=atomdeleted atomserv+xml=atomsrv atomsvc+xml=atomsvc atsc-dwd+xml=dwd atsc-held+xml=held atsc-rsat+xml=rsat atxml=atxml
        auth-policy+xml=apxml automationml-amlx+zip=amlx bacnet-xdd+zip=xdd bbolin=lin calendar+xml=xcs cbor=cbor cccex=c3ex ccmp+xml=ccmp
        ccxml+xml=ccxml cdfx+xml=cdfx cdmi-capability=cdmia cdmi-container=cdmic cdmi-domain=cdmid cdmi-object=cdmio cdmi-queue=cdmiq cea=cea
        cellml+xml=cellml,cml clr=1clr clue_info+xml=clue cms=cmsc cpl+xml=cpl csrattrs=csrattrs cu-seeme=cu cwl=cwl dash+xml=mpd dashdelta=mpdd
        davmount+xml=davmount dcd=dcd dicom=dcm dii=dii dit=dit dskpp+xml=xmls dsptype=tsp dssc+der=dssc dssc+xml=xdssc dvcs=dvc efi=efi
        emma+xml=emma emotionml+xml=emotionml epub+zip=epub exi=exi express=exp fastinfoset=finf fdf=fdf fdt+xml=fdt font-tdpfr=pfr futuresplash=spl
        geo+json=geojson geopackage+sqlite3=gpkg gltf-buffer=glbin,glbuf gml+xml=gml gpx+xml=gpx graphql=graphql gzip=gz,tgz hjson=hjson hta=hta
        hyperstudio=stk inkml+xml=ink,inkml ipfix=ipfix its+xml=its java-archive=ear,jar,war java-serialized-object=ser java-vm=class jrd+json=jrd
        json=json,map json-patch+json=json-patch json5=json5 jsonml+json=jsonml ld+json=jsonld lgr+xml=lgr link-format=wlnk lost+xml=lostxml
        lostsync+xml=lostsyncxml lpf+zip=lpf lxf=lxf m3g=m3g mac-binhex40=hqx mac-compactpro=cpt mads+xml=mads manifest+json=webmanifest marc=mrc
        marcxml+xml=mrcx mathematica=ma,mb mathml+xml=mml mbox=mbox metalink+xml=metalink metalink4+xml=meta4 mets+xml=mets mf4=mf4 mmt-aei+xml=maei
        mmt-usd+xml=musd mods+xml=mods mp21=m21,mp21 msaccess=mdb msix=msix msword=doc mxf=mxf n-quads=nq n-triples=nt ocsp-request=orq
        ocsp-response=ors oda=oda odx=odx oebps-package+xml=opf ogg=ogx onenote=one,onepkg,onetmp,onetoc2 oxps=oxps p21=210,ifc,p21,stpnc
        p2p-overlay+xml=relo pdf=pdf pdx=pdx pgp-encrypted=pgp pgp-signature=asc,sig pics-rules=prf pkcs10=p10 pkcs12=p12,pfx pkcs7-mime=p7c,p7m,p7z
        pkcs7-signature=p7s pkcs8=p8 pkcs8-encrypted=p8e pkix-attr-cert=ac pkix-cert=cer pkix-crl=crl pkix-pkipath=pkipath pkixcmp=pki
        postscript=ai,eps,eps2,eps3,epsf,epsi,ps provenance+xml=provx prs.cww=cw,cww prs.hpub+zip=hpub prs.nprend=rct,rnd
        prs.rdf-xml-crypt=rdf-crypt prs.xsf+xml=xsf pskc+xml=pskcxml rdf+xml=rdf reginfo+xml=rif relax-ng-compact-syntax=rnc resource-lists+xml=rl
        resource-lists-diff+xml=rld rfc+xml=rfcxml route-apd+xml=rapd route-s-tsid+xml=sls route-usd+xml=rusd rpki-ghostbusters=gbr
        rpki-manifest=mft rpki-roa=roa rss+xml=rss rtf=rtf sarif+json=sarif scim+json=scim scvp-cv-request=scq scvp-cv-response=scs
        scvp-vp-request=spq scvp-vp-response=spp sdp=sdp senml+cbor=senmlc senml+json=senml senml+xml=senmlx senml-etch+cbor=senml-etchc
        senml-etch+json=senml-etchj senml-exi=senmle sensml+cbor=sensmlc sensml+json=sensml sensml+xml=sensmlx sensml-exi=sensmle
        sgml-open-catalog=soc shf+xml=shf sieve=sieve,siv simple-filter+xml=cl smil+xml=smi,smil,sml sparql-query=rq sparql-results+xml=srx sql=sql
        srgs=gram srgs+xml=grxml sru+xml=sru ssml+xml=ssml stix+json=stix swid+cbor=coswid swid+xml=swidtag tamp-apex-update=tau
        tamp-apex-update-confirm=auc tamp-community-update=tcu tamp-community-update-confirm=cuc tamp-error=ter tamp-sequence-adjust=tsa
        tamp-sequence-adjust-confirm=sac tamp-update=tur tamp-update-confirm=tuc td+json=jsontd tei+xml=odd,tei,teicorpus thraud+xml=tfi
        timestamp-query=tsq timestamp-reply=tsr timestamped-data=tsd tm+json=jsontm toml=toml trig=trig ttml+xml=ttml urc-grpsheet+xml=gsheet
        urc-ressheet+xml=rsheet urc-targetdesc+xml=td urc-uisocketdesc+xml=uis voicexml+xml=vxml voucher-cms+json=vcj wasm=wasm watcherinfo+xml=wif
        widget=wgt wsdl+xml=wsdl wspolicy+xml=wspolicy xaml+xml=xaml xcap-att+xml=xav xcap-caps+xml=xca xcap-diff+xml=xdf xcap-el+xml=xel
        xcap-error+xml=xer xcap-ns+xml=xns xfdf=xfdf xhtml+xml=xht,xhtm,xhtml xliff+xml=xlf xml=rng,xml,xsd xml-dtd=dtd
        xml-external-parsed-entity=ent xop+xml=xop xproc+xml=xpl xslt+xml=xsl,xslt xspf+xml=xspf xv+xml=mxml,xhvml,xvm,xvml yaml=yaml,yml yang=yang
        yin+xml=yin zip=nupkg,zip zstd=zst
        application/vnd.:
        1000minds.decision-model+xml=1km 3gpp.pic-bw-large=plb 3gpp.pic-bw-small=psb 3gpp.pic-bw-var=pvb 3gpp2.sms=sms 3gpp2.tcap=tcap
        3lightssoftware.imagescal=imgcal 3m.post-it-notes=pwn accpac.simply.aso=aso accpac.simply.imp=imp acucobol=acu acucorp=acutc,atc
        adobe.air-application-installer-package+zip=air adobe.flash.movie=swf adobe.formscentral.fcdt=fcdt adobe.fxp=fxp,fxpl adobe.xdp+xml=xdp
        afpc.modca=afp,list3820,listafp,pseg3820 afpc.modca-overlay=ovl afpc.modca-pagesegment=psg age=age ahead.space=ahead
        airzip.filesecure.azf=azf airzip.filesecure.azs=azs amazon.ebook=azw amazon.mobi8-ebook=azw3 americandynamics.acc=acc amiga.ami=ami
        android.ota=ota android.package-archive=apk anki=apkg anser-web-certificate-issue-initiation=cii anser-web-funds-transfer-initiation=fti
        apache.arrow.file=arrow apache.arrow.stream=arrows apache.parquet=parquet apexlang=apex,apexlang apple.installer+xml=dist,distz,mpkg,pkg
        apple.keynote=key,keynote apple.mpegurl=m3u8 apple.numbers=numbers apple.pages=pages aristanetworks.swi=swi artisan+json=artisan
        astraea-software.iota=iota audiograph=aep autopackage=package balsamiq.bmml+xml=bmml balsamiq.bmpr=bmpr banana-accounting=ac2
        belightsoft.lhzd+zip=lhzd belightsoft.lhzl+zip=lhzl blueice.multipass=mpm bluetooth.ep.oob=ep bluetooth.le.oob=le bmi=bmi
        businessobjects=rep cendio.thinlinc.clientconf=tlclient chemdraw+xml=cdxml chess-pgn=pgn chipnuts.karaoke-mmd=mmd cinderella=cdy
        citationstyles.style+xml=csl claymore=cla cloanto.rp9=rp9 clonk.c4group=c4d,c4f,c4g,c4p,c4u cluetrust.cartomobile-config=c11amc
        cluetrust.cartomobile-config-pkg=c11amz coffeescript=coffee collabio.xodocuments.document=xodt collabio.xodocuments.document-template=xott
        collabio.xodocuments.presentation=xodp collabio.xodocuments.presentation-template=xotp collabio.xodocuments.spreadsheet=xods
        collabio.xodocuments.spreadsheet-template=xots comicbook+zip=cbz comicbook-rar=cbr
        commerce-battelle=ic0,ic1,ic2,ic3,ic4,ic5,ic6,ic7,ic8,icd,icf commonspace=csp,cst contact.cmsg=cdbcmsg coreos.ignition+json=ign,ignition
        cosmocaller=cmc crick.clicker=clkx crick.clicker.keyboard=clkk crick.clicker.palette=clkp crick.clicker.template=clkt
        crick.clicker.wordbank=clkw criticaltools.wbs+xml=wbs crypto-shade-file=ssvc cryptomator.encrypted=c9r,c9s cryptomator.vault=cryptomator
        ctc-posml=pml cups-ppd=ppd dart=dart data-vision.rdz=rdz datalog=dl dbf=dbf debian.binary-package=ddeb,deb,udeb dece.data=uvd,uvf,uvvd,uvvf
        dece.ttml+xml=uvt,uvvt dece.unspecified=uvvx,uvx dece.zip=uvvz,uvz denovo.fcselayout-link=fe_launch desmume.movie=dsm dna=dna
        document+json=docjson doremir.scorecloud-binary-document=scld dpgraph=dpg,dpgraph,mwc dreamfactory=dfac dtg.local.flash=fla dvb.ait=ait
        dvb.service=svc dynageo=geo dzr=dzr ecowin.chart=mag eln+zip=eln enliven=nml epson.esf=esf epson.msf=msf epson.quickanime=qam epson.salt=slt
        epson.ssf=ssf ericsson.quickcall=qca,qcall espass-espass+zip=espass eszigno3+xml=es3,et3 etsi.asic-e+zip=asice,sce etsi.asic-s+zip=asics
        etsi.timestamp-token=tst eu.kasparian.car+json=carjson evolv.ecig.profile=ecigprofile evolv.ecig.settings=ecig evolv.ecig.theme=ecigtheme
        exstream-empower+zip=mpw exstream-package=pub ezpix-album=ez2 ezpix-package=ez3 familysearch.gedcom+zip=gdz fastcopy-disk-image=dim
        fdsn.mseed=msd,mseed fdsn.seed=dataless,seed ficlab.flb+zip=flb filmit.zfc=zfc flographit=gph fluxtime.clip=ftc font-fontforge-sfd=sfd
        framemaker=fm frogans.fnc=fnc frogans.ltf=ltf fsc.weblaunch=fsc fujitsu.oasys=oas fujitsu.oasys2=oa2 fujitsu.oasys3=oa3 fujitsu.oasysgp=fg5
        fujitsu.oasysprs=bh2 fujixerox.ddd=ddd fujixerox.docuworks=xdw fujixerox.docuworks.binder=xbd fujixerox.docuworks.container=xct
        fuzzysheet=fzs genomatix.tuxedo=txd genozip=genozip gentics.grd+json=grd gentoo.ebuild=ebuild gentoo.eclass=eclass gentoo.xpak=xpak
        geocube+xml=g3 geogebra.file=ggb geogebra.slides=ggs geogebra.tool=ggt geometry-explorer=gex,gre geonext=gxt geoplan=g2w geospace=g3w
        google-earth.kml+xml=kml google-earth.kmz=kmz grafeq=gqf,gqs groove-account=gac groove-help=ghf groove-identity-message=gim
        groove-injector=grv groove-tool-message=gtm groove-tool-template=tpl groove-vcard=vcg hal+xml=hal handheld-entertainment+xml=zmm
        hbci=bpd,hbc,hbci,kom,pkd,upa hdt=hdt hhe.lesson-player=les hp-hpgl=hpgl hp-hpid=hpi,hpid hp-hps=hps hp-jlyt=jlt hp-pcl=pcl
        hydrostatix.sof-data=sfd-hdstx ibm.electronic-media=emm ibm.minipay=mpy ibm.rights-management=irm ibm.secure-container=sc iccprofile=icc,icm
        igloader=igl imagemeter.folder+zip=imf imagemeter.image+zip=imi immervision-ivp=ivp immervision-ivu=ivu ims.imsccv1p1=imscc insors.igm=igm
        intercon.formnet=xpw,xpx intergeo=i2g intu.qbo=qbo intu.qfx=qfx ipld.car=car ipunplugged.rcprofile=rcprofile irepository.package+xml=irp
        is-xpr=xpr isac.fcs=fcs jam=jam jcp.javame.midlet-rms=rms jisp=jisp joost.joda-archive=joda kahootz=ktr,ktz kde.karbon=karbon
        kde.kchart=chrt kde.kformula=kfo kde.kivio=flw kde.kontour=kon kde.kpresenter=kpr,kpt kde.kspread=ksp kde.kword=kwd,kwt kenameaapp=htke
        kidspiration=kia kinar=kne,knp,sdf koan=skd,skm,skp,skt kodak-descriptor=sse las=las las.las+json=lasjson las.las+xml=lasxml
        llamagraphics.life-balance.desktop=lbd llamagraphics.life-balance.exchange+xml=lbe logipipe.circuit+zip=lca,lcs loom=loom
        lotus-1-2-3=123,wk1,wk3,wk4 lotus-approach=apr,vew lotus-freelance=pre,prz lotus-notes=ndl,ns2,ns3,ns4,nsf,nsg,nsh,ntf
        lotus-organizer=or2,or3,org lotus-screencam=scm lotus-wordpro=lwp,sam macports.portpkg=portpkg mapbox-vector-tile=mvt marlin.drm.mdcf=mdc
        maxar.archive.3tz+zip=3tz maxmind.maxmind-db=mmdb mcd=mcd medcalcdata=mc1 mediastation.cdkey=cdkey medicalholodeck.recordxr=rxt mfer=mwf
        mfmp=mfm micrografx.flo=flo micrografx.igx=igx microsoft.portable-executable=exe mif=mif mobius.daf=daf mobius.dis=dis mobius.mbk=mbk
        mobius.mqy=mqy mobius.msl=msl mobius.plc=plc mobius.txf=txf mophun.application=mpn mophun.certificate=mpc mozilla.xul+xml=xul
        ms-3mfdocument=3mf ms-artgalry=cil ms-asf=asf ms-cab-compressed=cab ms-excel=xla,xlc,xlm,xls,xlt,xlw ms-excel.addin.macroenabled.12=xlam
        ms-excel.sheet.binary.macroenabled.12=xlsb ms-excel.sheet.macroenabled.12=xlsm ms-excel.template.macroenabled.12=xltm ms-fontobject=eot
        ms-htmlhelp=chm ms-ims=ims ms-lrm=lrm ms-officetheme=thmx ms-outlook=msg ms-pki.seccat=cat ms-powerpoint=pps,ppt
        ms-powerpoint.addin.macroenabled.12=ppam ms-powerpoint.presentation.macroenabled.12=pptm ms-powerpoint.slide.macroenabled.12=sldm
        ms-powerpoint.slideshow.macroenabled.12=ppsm ms-powerpoint.template.macroenabled.12=potm ms-project=mpp,mpt ms-tnef=tnef,tnf
        ms-visio.drawing=vsdx ms-word.document.macroenabled.12=docm ms-word.template.macroenabled.12=dotm ms-works=wcm,wdb,wks,wps ms-wpl=wpl
        ms-xpsdocument=xps msa-disk-image=msa mseq=mseq multiad.creator=crtr multiad.creator.cif=cif musician=mus muvee.style=msty mynfc=taglet
        nebumind.line=line,nebul nervana=bkm,entity,kcm,request neurolanguage.nlu=nlu nimn=nimn nintendo.nitro.rom=nds nintendo.snes.rom=sfc,smc
        nitf=nitf noblenet-directory=nnd noblenet-sealer=nns noblenet-web=nnw nokia.n-gage.data=ngdat nokia.n-gage.symbian.install=n-gage
        nokia.radio-preset=rpst nokia.radio-presets=rpss novadigm.edm=edm novadigm.edx=edx novadigm.ext=ext oasis.opendocument.base=odb
        oasis.opendocument.chart=odc oasis.opendocument.chart-template=otc oasis.opendocument.formula=odf oasis.opendocument.graphics=odg
        oasis.opendocument.graphics-template=otg oasis.opendocument.image=odi oasis.opendocument.image-template=oti
        oasis.opendocument.presentation=odp oasis.opendocument.presentation-template=otp oasis.opendocument.spreadsheet=ods
        oasis.opendocument.spreadsheet-template=ots oasis.opendocument.text=odt oasis.opendocument.text-master=odm
        oasis.opendocument.text-template=ott oasis.opendocument.text-web=oth olpc-sugar=xo oma.dd+xml=dd oma.dd2+xml=dd2 oma.drm.content=dcf
        oma.drm.dcf=o4a,o4v oma.drm.message=dm oma.drm.rights+wbxml=drc oma.drm.rights+xml=dr onepager=tam onepagertamp=tamp onepagertamx=tamx
        onepagertat=tat onepagertatp=tatp onepagertatx=tatx openblox.game+xml=obgx openblox.game-binary=obg openeye.oeb=oeb
        openofficeorg.extension=oxt openstreetmap.data+xml=osm openxmlformats-officedocument.presentationml.presentation=pptx
        openxmlformats-officedocument.presentationml.slide=sldx openxmlformats-officedocument.presentationml.slideshow=ppsx
        openxmlformats-officedocument.presentationml.template=potx openxmlformats-officedocument.spreadsheetml.sheet=xlsx
        openxmlformats-officedocument.spreadsheetml.template=xltx openxmlformats-officedocument.wordprocessingml.document=docx
        openxmlformats-officedocument.wordprocessingml.template=dotx osa.netdeploy=ndc osgeo.mapguide.package=mgp osgi.dp=dp osgi.subsystem=esa
        oxli.countgraph=oxlicg palm=oprc,pdb,pqa panoply=plp patentdive=dive pawaafile=paw pg.format=str pg.osasli=ei6
        piaccess.application-licence=pil picsel=efif pmi.widget=wg pocketlearn=plf powerbuilder6=pbd preminet=preminet previewsystems.box=box,vbox
        proteus.magazine=mgz psfs=psfs publishare-delta-tree=qps pvi.ptid1=ptid qualcomm.brew-app-res=bar quark.quarkxpress=qwd,qwt,qxb,qxd,qxl,qxt
        quobject-quoxdocument=quiz,quox rainstor.data=tree rar=rar realvnc.bed=bed recordare.musicxml=mxl resilient.logic=reload,rlm
        rig.cryptonote=cryptonote rim.cod=cod route66.link66+xml=link66 sailingtracker.track=st sar=sar scribus=scd,sla,slaz sealed.3df=s3df
        sealed.csf=scsf sealed.doc=s1w,sdo,sdoc sealed.eml=sem,seml sealed.mht=smh,smht sealed.ppt=s1p,sppt sealed.tiff=stif sealed.xls=s1e,sxl,sxls
        sealedmedia.softseal.html=s1h,stml sealedmedia.softseal.pdf=s1a,spd,spdf seemail=see sema=sema semd=semd semf=semf shade-save-file=ssv
        shana.informed.formdata=ifm shana.informed.formtemplate=itp shana.informed.interchange=iif shana.informed.package=ipk shp=shp shx=shx
        sigrok.session=sr simtech-mindmapper=twd,twds smaf=mmf smart.notebook=notebook smart.teacher=teacher snesdev-page-table=pt,ptrom
        software602.filler.form+xml=fo software602.filler.form-xml-zip=zfo solent.sdkm+xml=sdkd,sdkm spotfire.dxp=dxp spotfire.sfs=sfs
        sqlite3=sqlite,sqlite3 stardivision.calc=sdc stardivision.chart=sds stardivision.draw=sda stardivision.impress=sdd stardivision.math=smf
        stardivision.writer=sdw stardivision.writer-global=sgl stepmania.package=smzip stepmania.stepchart=sm sun.wadl+xml=wadl sun.xml.calc=sxc
        sun.xml.calc.template=stc sun.xml.draw=sxd sun.xml.draw.template=std sun.xml.impress=sxi sun.xml.impress.template=sti sun.xml.math=sxm
        sun.xml.writer=sxw sun.xml.writer.global=sxg sun.xml.writer.template=stw sus-calendar=sus,susp sybyl.mol2=ml2,mol2,sy2 sycle+xml=scl
        symbian.install=sis syncml+xml=xsm syncml.dm+wbxml=bdm syncml.dm+xml=xdm syncml.dmddf+xml=ddf tao.intent-module-archive=tao
        tcpdump.pcap=cap,dmp,pcap theqvd=qvd think-cell.ppttc+json=ppttc tml=vfr,viaframe tmobile-livetv=tmo trid.tpt=tpt triscape.mxs=mxs
        trueapp=tra ufdl=frm,ufd,ufdl uiq.theme=utz umajin=umj unity=unityweb uoml+xml=uo,uoml uri-map=urim,urimap valve.source.material=vmt vcx=vcx
        vd-study=model-inter,mxi,study-inter vectorworks=vwx veritone.aion+json=aion,vtnstd veryant.thin=istc,isws ves.encrypted=ves
        vidsoft.vidconference=vsc visio=vsd,vss,vst,vsw visionary=vis vsf=vsf wap.mms-message=mms wap.sic=sic wap.slc=slc wap.wbxml=wbxml
        wap.wmlc=wmlc wap.wmlscriptc=wmlsc wasmflow.wafl=wafl webturbo=wtb wfa.p2p=p2p wfa.wsc=wsc wmc=wmc wolfram.mathematica=nb
        wolfram.mathematica.package=m wolfram.player=nbp wordperfect=wpd wqd=wqd wt.stf=stf wv.csp+wbxml=wv xara=xar xfdl=xfd,xfdl xmpie.cpkg=cpkg
        xmpie.dpkg=dpkg xmpie.ppkg=ppkg xmpie.xlim=xlim yamaha.hv-dic=hvd yamaha.hv-script=hvs yamaha.hv-voice=hvp yamaha.openscoreformat=osf
        yamaha.smaf-audio=saf yamaha.smaf-phrase=spf yaoweme=yme yellowriver-custom-menu=cmp zul=zir,zirz zzazz.deck+xml=zaz
        application/x-:
        123=wk 7z-compressed=7z abiword=abw ace-compressed=ace apple-diskimage=dmg bcpio=bcpio bittorrent=torrent brotli=br bzip=bz
        bzip2=boz,bz2,tbz2 cbr=cb7,cba,cbt cdf=cda,cdf cdlink=vcd cfs-compressed=cfs chat=chat chrome-extension=crx cocoa=cco comsol=mph
        conference=nsc cpio=cpio csh=csh dgc-compressed=dgc director=dcr,dir,dxr doom=wad dtbncx+xml=ncx dtbook+xml=dtb dtbresource+xml=res dvi=dvi
        envoy=evy eva=eva font=gsf,pfa,pfb font-bdf=bdf font-pcf=pcf font-snf=snf freemind=mm ganttproject=gan gca-compressed=gca glulx=ulx
        gnumeric=gnumeric go-sgf=sgf gramps-xml=gramps graphing-calculator=gcf gtar=gtar gtar-compressed=taz hdf=hdf hwp=hwp ica=ica info=info
        install-instructions=install internet-signup=ins,isp iphone=iii iso9660-image=iso java-archive-diff=jardiff java-jnlp-file=jnlp
        java-pack200=pack jmol=jmz killustrator=kil latex=latex lha=lha lyx=lyx lz4=lz4 lzh=lzh lzip=lz lzma=lzma lzx=lzx
        maker=book,fb,fbdoc,frame,maker makeself=run mie=mie mobipocket-ebook=mobi,prc ms-application=application ms-shortcut=lnk ms-wmd=wmd
        ms-wmz=wmz ms-xbap=xbap msbinder=obd mscardfile=crd msclip=clp msdos-program=bat,dll msi=msi msmediaview=m13,m14 msmetafile=wmf msmoney=mny
        msterminal=trm mswrite=wri ndjson=ndjson netcdf=nc ns-proxy-autoconfig=pac nwc=nwc nzb=nzb object=o oz-application=oza pem-file=pem
        pkcs7-certificates=p7b pkcs7-certreqresp=p7r python-code=pyc,pyo qgis=qgs quicktimeplayer=qtl raw-disk-image=img rdp=rdp
        research-info-systems=ris rpm=rpm ruby=rb scilab=sci scilab-xcos=xcos sea=sea shar=shar silverlight=scr silverlight-app=xap stuffit=sit,sitx
        subrip=srt sv4cpio=sv4cpio sv4crc=sv4crc t3vm-image=t3 tar=tar tcl=tcl tex=tex tex-gf=gf tex-pk=pk tex-tfm=tfm texinfo=texi,texinfo
        ustar=ustar virtualbox-ova=ova virtualbox-vhd=vhd wais-source=src web-app-manifest+json=webapp wingz=wz x509-ca-cert=crt,der xfig=fig
        xpinstall=xpi xz=txz,xz zmachine=z1,z2,z3,z4,z5,z6,z7,z8
        audio/:
        32kadpcm=726 aac=aac,adts ac3=ac3 adpcm=adp amr=amr amr-wb=awb annodex=axa asc=acn atrac-advanced-lossless=aal atrac-x=atx
        atrac3=aa3,at3,omg basic=au,snd csound=csd,orc,sco dls=dls evrc=evc evrc-qcp=qcp evrcb=evb evrcnw=enw evrcwb=evw flac=flac ilbc=lbc l16=l16
        matroska=mka mhas=mhas midi=kar,mid,midi,rmi mobile-xmf=mxmf mp4=m4a mpeg=m2a,m3a,mp1,mp2,mp3,mpega,mpga mpegurl=m3u ogg=oga,ogg,opus,spx
        prs.sid=psid,sid silk=sil smv=smv sofa=sofa usac=loas,xhe vnd.audiokoz=koz vnd.dece.audio=uva,uvva vnd.digital-winds=eol vnd.dolby.mlp=mlp
        vnd.dra=dra vnd.dts=dts vnd.dts.hd=dtshd vnd.everad.plj=plj vnd.lucent.voice=lvp vnd.ms-playready.media.pya=pya vnd.nortel.vbk=vbk
        vnd.nuera.ecelp4800=ecelp4800 vnd.nuera.ecelp7470=ecelp7470 vnd.nuera.ecelp9600=ecelp9600 vnd.presonus.multitrack=multitrack vnd.rip=rip
        vnd.sealedmedia.softseal.mpeg=s1m,smp,smp3 wav=wav webm=weba x-aiff=aif,aifc,aiff x-caf=caf x-gsm=gsm x-mod=669,m15,med,mod,mtm,ult,uni
        x-ms-wax=wax x-ms-wma=wma x-pn-realaudio=ra,ram,rm x-pn-realaudio-plugin=rmp x-s3m=s3m x-scpls=pls x-sd2=sd2 x-stm=stm xm=xm
        chemical/:
        x-alchemy=alc x-cache=cac,cache x-cache-csf=csf x-cactvs-binary=cascii,cbin,ctab x-cdx=cdx x-chem3d=c3d x-cmdf=cmdf x-compass=cpa
        x-crossfire=bsd x-csml=csm,csml x-ctx=ctx x-cxf=cef,cxf x-embl-dl-nucleotide=emb,embl x-galactic-spc=spc x-gamess-input=gam,gamin,inp
        x-gaussian-checkpoint=fch,fchk x-gaussian-cube=cub x-gaussian-input=gau,gjc,gjf x-gaussian-log=gal x-gcg8-sequence=gcg x-genbank=gen
        x-hin=hin x-isostar=ist,istr x-jcamp-dx=dx,jdx x-kinemage=kin x-macmolecule=mcm x-macromodel-input=mmod x-mdl-molfile=mol x-mdl-rdfile=rd
        x-mdl-rxnfile=rxn x-mdl-sdfile=sd x-mdl-tgf=tgf x-mmcif=mcif x-molconn-z=b x-mopac-graph=gpt x-mopac-input=mop,mopcrt,zmt x-mopac-out=moo
        x-mopac-vib=mvb x-ncbi-asn1=asn x-ncbi-asn1-ascii=prt x-ncbi-asn1-binary=val x-rosdal=ros x-swissprot=sw x-vamas-iso14976=vms x-vmd=vmd
        x-xtel=xtel x-xyz=xyz
        font/:
        collection=ttc otf=otf ttf=ttf woff=woff woff2=woff2
        image/:
        aces=exr apng=apng avci=avci avcs=avcs avif=avif,hif bmp=bmp cgm=cgm dicom-rle=drle dpx=dpx emf=emf fits=fit,fits,fts gif=gif heic=heic
        heic-sequence=heics heif=heif heif-sequence=heifs hej2k=hej2 hsj2=hsj2 ief=ief jls=jls jp2=jp2,jpg2 jpeg=jfif,jpe,jpeg,jpg jph=jph
        jphc=jhc,jphc jpx=jpf,jpx jxl=jxl jxr=jxr jxra=jxra jxrs=jxrs jxs=jxs jxsc=jxsc jxsi=jxsi jxss=jxss ktx=ktx ktx2=ktx2 png=png
        prs.btif=btf,btif prs.pti=pti svg+xml=svg,svgz t38=t38 tiff=tif,tiff tiff-fx=tfx vnd.adobe.photoshop=psd vnd.airzip.accelerator.azv=azv
        vnd.dece.graphic=uvg,uvi,uvvg,uvvi vnd.djvu=djv,djvu vnd.dwg=dwg vnd.dxf=dxf vnd.fastbidsheet=fbs vnd.fpx=fpx vnd.fst=fst
        vnd.fujixerox.edmics-mmr=mmr vnd.fujixerox.edmics-rlc=rlc vnd.globalgraphics.pgb=pgb vnd.ms-modi=mdi vnd.ms-photo=wdp vnd.net-fpx=npx
        vnd.pco.b16=b16 vnd.radiance=hdr,rgbe,xyze vnd.sealed.png=s1n,spn,spng vnd.sealedmedia.softseal.gif=s1g,sgi,sgif
        vnd.sealedmedia.softseal.jpg=s1j,sjp,sjpg vnd.tencent.tap=tap vnd.valve.source.texture=vtf vnd.wap.wbmp=wbmp vnd.xiff=xif vnd.zbrush.pcx=pcx
        webp=webp x-3ds=3ds x-canon-cr2=cr2 x-canon-crw=crw x-cmu-raster=ras x-cmx=cmx x-coreldraw=cdr x-coreldrawpattern=pat
        x-coreldrawtemplate=cdt x-epson-erf=erf x-freehand=fh,fh4,fh5,fh7,fhc x-icon=cur,ico x-jg=art x-jng=jng x-nikon-nef=nef x-olympus-orf=orf
        x-pict=pct,pic x-portable-anymap=pnm x-portable-bitmap=pbm x-portable-graymap=pgm x-portable-pixmap=ppm x-rgb=rgb x-tga=tga x-xbitmap=xbm
        x-xcf=xcf x-xpixmap=xpm x-xwindowdump=xwd
        message/:
        global=u8msg global-delivery-status=u8dsn global-disposition-notification=u8mdn global-headers=u8hdr rfc822=eml,mail
        model/:
        gltf+json=gltf gltf-binary=glb iges=iges,igs jt=jt mesh=mesh,msh,silo mtl=mtl obj=obj step=step,stp step+xml=stpx step+zip=stpz
        step-xml+zip=stpxz stl=stl u3d=u3d vnd.cld=cld vnd.collada+xml=dae vnd.dwf=dwf vnd.gdl=dor,gdl,ism,lmp,msm,rsm,win vnd.gtw=gtw
        vnd.moml+xml=moml vnd.mts=mts vnd.opengex=ogex vnd.parasolid.transmit.binary=x_b,xmt_bin vnd.parasolid.transmit.text=x_t,xmt_txt
        vnd.pytha.pyox=pyox vnd.sap.vds=vds vnd.usda=usd,usda vnd.usdz+zip=usdz vnd.valve.source.compiled-map=bsp vnd.vtu=vtu vrml=vrm,vrml,wrl
        x3d+fastinfoset=x3db x3d+xml=x3d,x3dz x3d-vrml=x3dv,x3dvz
        text/:
        cache-manifest=appcache,manifest calendar=ics,ifb cql=cql css=css csv=csv csv-schema=csvs dns=soa,zone gff3=gff3 html=htm,html,shtml
        html-sandboxed=sandboxed javascript=cjs,js,mjs jcr-cnd=cnd markdown=markdown,md mizar=miz n3=n3
        plain=brf,c,conf,cs,def,diff,el,f90,h,in,ini,list,log,patch,pot,py,rs,sh,text,txt provenance-notation=provn prs.fallenstein.rst=rst
        prs.lines.tag=dsc,tag richtext=rtx sgml=sgm,sgml shaclc=shaclc,shc shex=shex spdx=spdx tab-separated-values=tsv texmacs=tm
        troff=man,me,ms,roff,t,tr turtle=ttl uri-list=uri,uris,urls vcard=vcard,vcf vnd.a=a vnd.abc=abc vnd.ascii-art=ascii vnd.curl=curl
        vnd.curl.dcurl=dcurl vnd.curl.mcurl=mcurl vnd.curl.scurl=scurl vnd.debian.copyright=copyright vnd.dmclientscript=dms vnd.dvb.subtitle=sub
        vnd.esmertec.theme-descriptor=jtd vnd.exchangeable=vfk vnd.familysearch.gedcom=ged vnd.ficlab.flt=flt vnd.fly=fly vnd.fmi.flexstor=flx
        vnd.graphviz=dot,gv vnd.hans=hans vnd.hgl=hgl vnd.in3d.3dml=3dm,3dml vnd.in3d.spot=spo,spot vnd.ms-mediapackage=mpf
        vnd.net2phone.commcenter.command=ccc vnd.senx.warpscript=mc2 vnd.si.uricatalogue=uric vnd.sosi=sos vnd.sun.j2me.app-descriptor=jad
        vnd.wap.si=si vnd.wap.sl=sl vnd.wap.wml=wml vnd.wap.wmlscript=wmls vtt=vtt wgsl=wgsl x-asm=asm,s x-bibtex=bib x-boo=boo x-c=dic
        x-c++hdr=h++,hh,hpp,hxx x-c++src=c++,cc,cpp,cxx x-component=htc x-dsrc=d x-fortran=f,f77,for x-haskell=hs x-java=java x-lilypond=ly
        x-literate-haskell=lhs x-moc=moc x-nfo=nfo x-opml=opml x-pascal=p,pas x-pcs-gcd=gcd x-perl=pl,pm x-pod=pod x-scala=scala x-setext=etx
        x-sfv=sfv x-ssa=ass,ssa x-tcl=tk x-tex=cls,ltx,sty x-uuencode=uu x-vcalendar=vcs
        video/:
        3gpp=3gp,3gpp 3gpp2=3g2,3gpp2 annodex=axv dv=dif,dv fli=fli gl=gl h261=h261 h263=h263 h264=h264 iso.segment=m4s jpeg=jpgv jpm=jpgm,jpm
        matroska=mkv matroska-3d=mk3d mj2=mj2,mjp2 mp2t=ts mp4=m4v,mp4,mpg4 mpeg=m1v,m2v,mpe,mpeg,mpg ogg=ogv quicktime=mov,qt vnd.dece.hd=uvh,uvvh
        vnd.dece.mobile=uvm,uvvm vnd.dece.mp4=uvu,uvvu vnd.dece.pd=uvp,uvvp vnd.dece.sd=uvs,uvvs vnd.dece.video=uvv,uvvv vnd.dvb.file=dvb
        vnd.fvt=fvt vnd.mpegurl=m4u,mxu vnd.ms-playready.media.pyv=pyv vnd.nokia.interleaved-multimedia=nim vnd.radgamettools.bink=bik,bk2
        vnd.radgamettools.smacker=smk vnd.sealed.mpeg1=s11,smpg vnd.sealed.mpeg4=s14 vnd.sealed.swf=ssw,sswf
        vnd.sealedmedia.softseal.mov=s1q,smo,smov vnd.vivo=viv vnd.youtube.yt=yt webm=webm x-f4v=f4v x-flv=flv x-javafx=fxm x-la-asf=lsf,lsx
        x-matroska=mks,mpv x-mng=mng x-ms-asf=asx x-ms-vob=vob x-ms-wm=wm x-ms-wmv=wmv x-ms-wmx=wmx x-ms-wvx=wvx x-msvideo=avi x-sgi-movie=movie
        """;

    /// <summary>The type of each extension, with its dot; in any case.</summary>
    public static Dictionary<string, string> Read()
    {
        var types = new Dictionary<string, string>(1700, StringComparer.OrdinalIgnoreCase);
        var prefix = "";
        foreach (var line in Text.AsSpan().EnumerateLines())
        {
            if (line is [.. var group, ':'])
            {
                prefix = group.ToString();
                continue;
            }

            foreach (var part in line.Split(' '))
            {
                var entry = line[part];
                var equals = entry.IndexOf('=');
                var type = WithCharset(string.Concat(prefix, entry[..equals]));
                var extensions = entry[(equals + 1)..];
                foreach (var extension in extensions.Split(','))
                {
                    types.Add(string.Concat(".", extensions[extension]), type);
                }
            }
        }

        return types;
    }

    // What is written today is UTF-8; without a charset browsers take text for windows-1252.
    private static string WithCharset(string type) =>
        type.StartsWith("text/", StringComparison.Ordinal) || type == "application/xml" ? type + "; charset=utf-8" : type;
}
