package imapsession

import "github.com/emersion/go-imap/v2"

// A Role is what a folder is for.
type Role uint8

// The roles of folders.
const (
	Drafts Role = iota
	Sent
)

var roles = [...]struct {
	what, key string // in a sentence; in the configuration
	attr      imap.MailboxAttr
	names     []string
}{
	Drafts: {"drafts", "drafts", imap.MailboxAttrDrafts, draftNames},
	Sent:   {"sent mail", "sent", imap.MailboxAttrSent, sentNames},
}

// draftNames are what mail programs and providers call the folder, in lower case,
// the likelier first.
var draftNames = []string{
	"drafts", "draft", // English; Yahoo has Draft
	"borradores", "borrador", // Spanish
	"entwürfe", "entwurf", // German
	"brouillons", "brouillon", // French
	"bozze", "bozza", // Italian
	"rascunhos", "rascunho", // Portuguese
	"concepten", "concept", // Dutch
	"utkast", "utkaster", "kladd", "kladder", // Swedish, Norwegian, Danish
	"udkast", "kladde", // Danish
	"luonnokset", "luonnos", // Finnish
	"drög", "uppköst", // Icelandic
	"wersje robocze", "kopie robocze", "szkice", // Polish
	"koncepty", "rozepsané", "rozpísané", // Czech, Slovak
	"piszkozatok", "piszkozat", "vázlatok", // Hungarian
	"ciorne", "schițe", "schiţe", "mesaje nefinalizate", // Romanian
	"чернови", "черновики", "чернетки", "чарнавікі", // Bulgarian, Russian, Ukrainian, Belarusian
	"нацрти", "nacrti", "skice", "osnutki", // Serbian and Macedonian, Croatian, Slovene
	"πρόχειρα",                // Greek
	"taslaklar",               // Turkish
	"mustandid",               // Estonian
	"melnraksti",              // Latvian
	"juodraščiai",             // Lithuanian
	"esborranys",              // Catalan
	"borradoiros", "rascuños", // Galician
	"zirriborroak",           // Basque
	"dréachtaí", "drafftiau", // Irish, Welsh
	"skribaĵoj", "malnetoj", // Esperanto
	"טיוטות",             // Hebrew
	"مسودات", "المسودات", // Arabic
	"پیش\u200cنویس\u200cها", "پیش نویس ها", "پیش\u200cنویس", // Persian
	"ड्राफ़्ट", "ड्राफ्ट", // Hindi
	"ร่างจดหมาย", "จดหมายร่าง", "แบบร่าง", "ร่าง", // Thai
	"thư nháp", "bản nháp", "nháp", // Vietnamese
	"draf", "konsep", // Indonesian, Malay
	"下書き",                            // Japanese
	"草稿", "草稿箱", "草稿夹", "草稿匣", "草稿夾", // Chinese
	"임시보관함", "임시 보관함", "초안", "작성 중인 편지", // Korean
}

// sentNames are the same for sent mail.
var sentNames = []string{
	"sent", "sent items", "sent messages", "sent mail", "sent-mail", // English: Exchange, iCloud, Gmail, Pine
	"enviados", "elementos enviados", "mensajes enviados", "correo enviado", "enviado", // Spanish
	"gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten", "gesendete", // German
	"envoyés", "messages envoyés", "éléments envoyés", "courrier envoyé", "objets envoyés", // French
	"posta inviata", "inviata", "inviati", "messaggi inviati", "elementi inviati", // Italian
	"itens enviados", "mensagens enviadas", "e-mails enviados", "enviadas", "enviada", "correio enviado", // Portuguese
	"verzonden", "verzonden items", "verzonden berichten", "verstuurd", // Dutch
	"skickat", "skickade", "skickade objekt", "sendt", "sendte elementer", "sendte", // Swedish, Norwegian, Danish
	"sendt post", "sendte meldinger", // Danish, Norwegian
	"lähetetyt", "lähetetyt viestit", // Finnish
	"send", "sendur póstur", // Icelandic
	"wysłane", "elementy wysłane", // Polish
	"odeslaná pošta", "odeslané", "odoslané", "odoslaná pošta", // Czech, Slovak
	"elküldött", "elküldött elemek", "elküldött üzenetek", // Hungarian
	"trimise", "elemente trimise", "mesaje trimise", // Romanian
	"изпратени", "отправленные", "надіслані", "відправлені", "адпраўленыя", // Bulgarian, Russian, Ukrainian, Belarusian
	"послато", "испратени", "poslano", "poslane stavke", "poslato", // Serbian, Macedonian, Croatian and Slovene
	"απεσταλμένα", "σταλθέντα", // Greek
	"gönderilmiş öğeler", "gönderilen", "gönderilenler", // Turkish
	"saadetud", "saadetud kirjad", // Estonian
	"nosūtītie", "nosūtītās vēstules", // Latvian
	"išsiųsta", "išsiųstieji", "išsiųsti laiškai", // Lithuanian
	"enviats", "elements enviats", // Catalan
	"bidalitakoak", "bidalia", // Basque
	"seolta", "anfonwyd", // Irish, Welsh
	"senditaj", "senditaj leteroj", // Esperanto
	"פריטים שנשלחו", "נשלח", "דואר שנשלח", // Hebrew
	"المرسلة", "العناصر المرسلة", "البريد المرسل", // Arabic
	"ارسال\u200cشده", "ارسال شده", "فرستاده\u200cشده", // Persian
	"भेजा गया", "भेजे गए", // Hindi
	"จดหมายที่ส่ง", "รายการที่ส่ง", "ส่งแล้ว", // Thai
	"đã gửi", "thư đã gửi", // Vietnamese
	"terkirim", "item terkirim", "dihantar", // Indonesian, Malay
	"送信済み", "送信済みアイテム", "送信済みメール", // Japanese
	"已发送", "已发送邮件", "已傳送", "寄件備份", "寄件匣", // Chinese
	"보낸편지함", "보낸 편지함", "보낸 메일함", // Korean
}
