"""The documents subject's labels and sentences."""

from flask_babel import lazy_gettext as _l

LABELS = {
    "document.kind": {
        "licence": _l("营业执照"),
        "letter": _l("委托书"),
        "statement": _l("流水或报表"),
        "contract": _l("合同或订单"),
        "other": _l("其他材料"),
    },
}

SENTENCES = {
    "file_missing": _l("请选一个文件"),
    "file_one_only": _l("照片和文件一次只传一份：另一份接着再传"),
    "file_empty": _l("这个文件是空的，请重新选一个"),
    "file_too_large": _l("文件超过 %(most)s MB。拍照时选小一点的尺寸，或者只截有字的部分"),
    "file_infected": _l("这个文件被认出带有病毒，没有收下"),
    "file_heic": _l("苹果手机的 HEIC 照片收不了。请在相册里另存为 JPG，或直接截图再传"),
    "file_type_refused": _l("只收照片（JPG、PNG、WebP）和 PDF。看的是内容，改名字没有用"),
    "file_damaged": _l("文件打不开，可能没传完整，请重新传一次"),
    "file_too_many_pixels": _l("照片太大了，请缩小以后再传"),
    "pdf_locked": _l("这个 PDF 有密码，或者限制了打印、复制。请另存或打印成没有限制的 PDF，或拍照"),
    "pdf_active": _l(
        "这个 PDF 里有要用专门程序才打得开的表格，或者签过名又带着脚本、附件，没有收下。请打印成新的 PDF，或拍照"
    ),
    "file_moving": _l("会动的图收不了，请存成一张普通照片再传"),
    "pdf_too_many_pages": _l("这个 PDF 有 %(mine)s 页，最多 %(most)s 页。只留要看的几页，或者分开传"),
    "document_told_infected": _l("您传的一份材料查出带有病毒，已经删掉，没有送给任何机构。请从干净的设备重新传"),
    "document_kind_unknown": _l("没有这种材料"),
}

DEEDS = {
    "document.destroy": _l("删材料"),
    "document.scan": _l("查材料有没有病毒"),
}
