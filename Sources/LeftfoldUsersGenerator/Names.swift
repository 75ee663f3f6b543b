import Foundation

/// Names of people from many places, each with what it looks like in an e-mail address.
enum Names {
    struct Person: Sendable {
        var name: String
        /// ASCII, such as `jose.garcia`.
        var slug: String
    }

    static func person(_ random: inout Dice) -> Person {
        let culture = random.pick(cultures)
        let given = random.pick(culture.given)
        var family = random.pick(culture.family)
        if culture.particles.count > 0, random.happens(perMille: 80) {
            let particle = random.pick(culture.particles)
            family = Part("\(particle) \(family.text)", slug: family.slug)
        } else if culture.hyphenates, random.happens(perMille: 100) {
            let second = random.pick(culture.family)
            family = Part("\(family.text)-\(second.text)", slug: "\(family.slug)-\(second.slug)")
        }
        var name = culture.isFamilyFirst ? family.text + culture.separator + given.text : given.text + culture.separator + family.text
        // What a Mac's keyboard or file system writes: the accents as characters of their own.
        if random.happens(perMille: 60) { name = name.decomposedStringWithCanonicalMapping }
        let style = random.below(4)
        let slug =
            switch style {
            case 0: "\(given.slug).\(family.slug)"
            case 1: "\(given.slug.prefix(1)).\(family.slug)"
            case 2: "\(family.slug).\(given.slug)"
            default: "\(given.slug)_\(family.slug)"
            }
        return Person(name: name, slug: slug)
    }

    private struct Part: Sendable {
        var text: String
        var slug: String

        init(_ text: String, slug: String) {
            self.text = text
            self.slug = slug
        }

        /// From `José/jose`.
        init(_ pair: Substring) {
            let halves = pair.split(separator: "/")
            text = String(halves.first ?? "")
            slug = String(halves.last ?? "")
        }
    }

    private struct Culture: Sendable {
        let given: [Part]
        let family: [Part]
        var particles: [String] = []
        var hyphenates = false
        var isFamilyFirst = false
        var separator = " "

        init(
            _ given: String, _ family: String, particles: [String] = [], hyphenates: Bool = false, isFamilyFirst: Bool = false,
            separator: String = " "
        ) {
            self.given = given.split(separator: " ").map { Part($0) }
            self.family = family.split(separator: " ").map { Part($0) }
            self.particles = particles
            self.hyphenates = hyphenates
            self.isFamilyFirst = isFamilyFirst
            self.separator = separator
        }
    }

    private static let cultures: [Culture] = [
        Culture(
            "Ada/ada Grace/grace Alan/alan Margaret/margaret Liam/liam Siobhán/siobhan Oliver/oliver Zoë/zoe Chloë/chloe Niamh/niamh",
            "Lovelace/lovelace Hopper/hopper O’Brien/obrien O'Neill/o'neill Smith/smith D’Arcy/darcy Taylor/taylor Ní Dhomhnaill/nidhomhnaill Brontë/bronte Walker/walker",
            hyphenates: true),
        Culture(
            "José/jose María/maria Íñigo/inigo Lucía/lucia Ramón/ramon Begoña/begona Álvaro/alvaro Inés/ines Joaquín/joaquin Núria/nuria",
            "García/garcia Núñez/nunez Peña/pena Rodríguez/rodriguez Ibáñez/ibanez Muñoz/munoz Gutiérrez/gutierrez López/lopez Güell/guell Sánchez/sanchez",
            particles: ["de", "de la", "del"], hyphenates: true),
        Culture(
            "João/joao Conceição/conceicao Antônio/antonio Inês/ines Luís/luis Estêvão/estevao Mônica/monica Tomé/tome",
            "Gonçalves/goncalves Simões/simoes Araújo/araujo Assunção/assuncao Magalhães/magalhaes Corrêa/correa Brandão/brandao Sá/sa",
            particles: ["da", "dos", "e"]),
        Culture(
            "Jürgen/juergen Änne/aenne Götz/goetz Käthe/kaethe Björn/bjoern Heike/heike Wolfgang/wolfgang Friederike/friederike Maß/mass Uwe/uwe",
            "Müller/mueller Groß/gross Schäfer/schaefer Köhler/koehler Weiß/weiss Jäger/jaeger Bürger/buerger Strauß/strauss Vogel/vogel Öztürk/oeztuerk",
            particles: ["von", "von der", "zu"], hyphenates: true),
        Culture(
            "François/francois Zoé/zoe Hélène/helene Gaël/gael Benoît/benoit Noël/noel Maïté/maite Jérôme/jerome Anaïs/anais Loïc/loic",
            "L’Hôpital/lhopital D'Alembert/dalembert Lefèvre/lefevre Bézout/bezout Galois/galois Poincaré/poincare Guérin/guerin Maître/maitre Œuvrard/oeuvrard Dupré/dupre",
            particles: ["de", "du", "le"], hyphenates: true),
        Culture(
            "Łukasz/lukasz Małgorzata/malgorzata Żaneta/zaneta Stanisław/stanislaw Jiří/jiri Tereza/tereza Ľubomír/lubomir Šárka/sarka Győző/gyozo Zsófia/zsofia",
            "Wiśniewski/wisniewski Dąbrowska/dabrowska Dvořák/dvorak Novotná/novotna Kovács/kovacs Szűcs/szucs Němec/nemec Błaszczyk/blaszczyk Ďurica/durica Žižka/zizka"
        ),
        Culture(
            "Søren/soren Åse/ase Bjørn/bjorn Þórdís/thordis Guðrún/gudrun Øyvind/oyvind Päivi/paivi Jüri/juri Māris/maris Žygimantas/zygimantas",
            "Kierkegaard/kierkegaard Ångström/angstrom Ødegård/odegard Jónsdóttir/jonsdottir Hämäläinen/hamalainen Sigurðsson/sigurdsson Õunapuu/ounapuu Bērziņš/berzins Šimkutė/simkute Lindström/lindstrom",
            hyphenates: true),
        Culture(
            "İbrahim/ibrahim Çağla/cagla Işıl/isil Şükrü/sukru Ömer/omer Ayşe/ayse Ștefan/stefan Ioana/ioana",
            "Yılmaz/yilmaz Çelik/celik Gökçe/gokce Şahin/sahin Kılıç/kilic Țepeș/tepes Brâncuși/brancusi Erdoğdu/erdogdu"),
        Culture(
            "Nguyễn An/nguyenan Thị Hương/thihuong Đức/duc Ngọc/ngoc Phượng/phuong Quỳnh/quynh",
            "Nguyễn/nguyen Trần/tran Lê/le Phạm/pham Đặng/dang Võ/vo", isFamilyFirst: true),
        Culture(
            "Ελένη/eleni Γιώργος/giorgos Ὑπατία/ypatia Σοφία/sofia Δημήτρης/dimitris Άννα/anna",
            "Παπαδόπουλος/papadopoulos Οικονόμου/oikonomou Βλάχου/vlachou Αγγελής/angelis Χατζής/chatzis Ξένου/xenou"),
        Culture(
            "Софья/sofya Фёдор/fyodor Наталія/nataliia Їжак/yizhak Андрей/andrey Љубица/ljubica Ђорђе/djordje Катерина/kateryna",
            "Ковалевская/kovalevskaya Достоевский/dostoevsky Шевченко/shevchenko Ґонта/gonta Йовановић/jovanovic Чебышёв/chebyshev Лысенко/lysenko Његош/njegos",
            hyphenates: true),
        Culture(
            "فاطمة/fatima محمد/mohammed عمر/omar ليلى/layla يوسف/youssef نور/nour",
            "الخوارزمي/alkhwarizmi الهاشمي/alhashimi حداد/haddad منصور/mansour رضا‌زاده/rezazadeh الفهري/alfihri"),
        Culture(
            "שרה/sarah דוד/david נועה/noa יעל/yael אברהם/avraham",
            "כהן/cohen לוי/levi בן־גוריון/ben-gurion שפירא/shapira מזרחי/mizrahi"),
        Culture(
            "伟/wei 芳/fang 秀英/xiuying 小龙/xiaolong 静/jing 國強/kwokkeung", "王/wang 李/li 张/zhang 陳/chen 欧阳/ouyang 𠮷田/jitian",
            isFamilyFirst: true, separator: ""),
        Culture(
            "さくら/sakura 太郎/taro 陽菜/hina ハナコ/hanako 蓮/ren 美咲/misaki", "佐藤/sato 鈴木/suzuki 髙橋/takahashi 渡邉/watanabe 小野寺/onodera がぎ田/gagita",
            isFamilyFirst: true),
        Culture(
            "민준/minjun 서연/seoyeon 지우/jiwoo 하은/haeun 도윤/doyun", "김/kim 이/lee 박/park 최/choi 선우/sunwoo", isFamilyFirst: true, separator: ""),
        Culture(
            "आर्यभट/aryabhata प्रिया/priya लक्ष्मी/lakshmi अर्जुन/arjun सुनीता/sunita", "शर्मा/sharma सिंह/singh मिश्रा/mishra द्विवेदी/dwivedi कृष्णन/krishnan"),
        Culture(
            "สมชาย/somchai มาลี/malee กิตติ/kitti พิมพ์/pim น้ำฝน/namfon", "แก้วใส/kaewsai ทองดี/thongdee ศรีสุข/srisuk วงศ์ใหญ่/wongyai บุญมี/boonmee"),
    ]
}
