#include "services/apigateway/vtl/template.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace usher::apigateway::vtl {
namespace {

// An object of the outside: $probe.name, $probe.echo(x).
class Probe final : public Object {
 public:
  Result<Value> Member(std::string_view name, Arena& arena) const override {
    if (name == "map") return arena.FromJson(*json::Parse(R"({"a":1,"b":[true,null,"x"]})"));
    return name == "name" ? Value("probe") : Value();
  }
  Result<std::optional<Value>> Call(std::string_view name, std::span<const Value> arguments,
                                    Arena& /*arena*/) const override {
    if (name != "echo" || arguments.size() != 1) return std::optional<Value>();
    return std::optional(arguments[0]);
  }
  bool null_is_empty() const override { return true; }
};

std::string Render(std::string_view text, Limits limits = {}) {
  const auto parsed = Template::Parse(text);
  if (!parsed) return "ERROR " + parsed.error().message;
  const Probe probe;
  Arena arena(limits);
  const Root roots[] = {{"probe", Value(static_cast<const Object*>(&probe))}, {"user", Value("5")}};
  auto out = parsed->Render(roots, arena);
  return out ? *std::move(out) : "ERROR " + out.error().message;
}

TEST(Template, WritesTextAsItStands) {
  EXPECT_EQ(Render(""), "");
  EXPECT_EQ(Render(R"({"a": [1, 2], "price": "5$", "tag": "#1 {x}"})"),
            R"({"a": [1, 2], "price": "5$", "tag": "#1 {x}"})");
  EXPECT_EQ(Render("a@b.c #colour $ $5 $."), "a@b.c #colour $ $5 $.");
}

TEST(Template, WritesReferences) {
  EXPECT_EQ(Render("$user ${user} $!user $!{user}."), "5 5 5 5.");
  EXPECT_EQ(Render("${user}name $user.length()"), "5name 1");
  EXPECT_EQ(Render("$probe.name|$probe.echo('x')|$probe.map.b[2]|$probe.map['a']"), "probe|x|x|1");
}

TEST(Template, WritesAReferenceThatLeadsNowhereAsItStands) {
  EXPECT_EQ(Render("$nobody $nobody.a.b(1) ${nobody} $!nobody|$!{nobody.a}"),
            "$nobody $nobody.a.b(1) ${nobody} |");
  EXPECT_EQ(Render("[$probe.missing]"), "[]");  // the object says so
}

TEST(Template, KeepsEscapedReferences) {
  EXPECT_EQ(Render(R"(\$user \#set($x = 1) \x)"), R"($user #set($x = 1) \x)");
}

TEST(Template, LeavesOutComments) {
  EXPECT_EQ(Render("a## to the end\nb#* over\nlines *#c"), "abc");
  EXPECT_EQ(Render("#[[ $user #if ]]#"), " $user #if ");
}

TEST(Template, Sets) {
  EXPECT_EQ(Render("#set($x = 1)\n#set( $y = $x + 2 )$x$y"), "13");
  EXPECT_EQ(Render("#set($m = {\"a\": 1})#set($m.b = 2)#set($m['c'] = 3)$m"), "{a=1, b=2, c=3}");
  EXPECT_EQ(Render("#set($l = [1, 2])#set($l[0] = 'x')$l"), "[x, 2]");
  EXPECT_EQ(Render("#set($x = 1)#set($x = $nobody)$x"), "$x");
}

TEST(Template, ComputesAsItWouldOnPaper) {
  EXPECT_EQ(Render("#set($x = 1 + 2 * 3 - 4 / 2)$x"), "5");
  EXPECT_EQ(Render("#set($x = (1 + 2) * 3 % 5)$x"), "4");
  EXPECT_EQ(Render("#set($x = 7 / 2)$x #set($y = 7 / 2.0)$y #set($z = -$x)$z"), "3 3.5 -3");
  EXPECT_EQ(Render("#set($x = 10 - 3 - 2)$x"), "5");
  EXPECT_EQ(Render("#set($x = 'a' + 1 + true)$x"), "a1true");
  EXPECT_EQ(Render("#set($x = 2.0 * 2)$x"), "4.0");
}

TEST(Template, ComparesAndJoins) {
  const auto holds = [](const std::string& condition) {
    return Render("#if(" + condition + ")yes#{else}no#end");
  };
  for (const std::string yes :
       {"1 == 1.0", "'a' == \"a\"", "1 < 2 && 2 <= 2", "false || 3 > 2", "!false", "not false",
        "1 lt 2 and 2 ge 2", "1 ne 2", "$user == 5", "$user", "''", "$nobody == $nothing",
        "[1,2] == [1,2]", "{'a':1} == {'a':1.0}", "'a' < 'b'", "!$nobody", "true == 'true'"}) {
    EXPECT_EQ(holds(yes), "yes") << yes;
  }
  for (const std::string no : {"1 == 2", "$nobody", "null", "false", "true && $nobody",
                               "$user != '5'", "!1", "$user == $nobody"}) {
    EXPECT_EQ(holds(no), "no") << no;
  }
}

TEST(Template, ChoosesTheFirstBranchThatHolds) {
  EXPECT_EQ(Render("#if(false)a#elseif($user == 5)b#elseif(true)c#{else}d#end"), "b");
  EXPECT_EQ(Render("#if(false)a#elseif(false)b#{else}d#end."), "d.");
  EXPECT_EQ(Render("#if(false)a#end."), ".");
  EXPECT_EQ(Render("#if(true)\na\n#else\nb\n#end\nc"), "a\nc");
}

TEST(Template, GoesOverListsMapsAndRanges) {
  EXPECT_EQ(Render("#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end"), "1,2,3");
  EXPECT_EQ(Render("#foreach($i in [3..1])$i#end"), "321");
  EXPECT_EQ(Render("#foreach($i in ['a','b'])$foreach.index$foreach.count$i#end"), "01a12b");
  EXPECT_EQ(Render("#foreach($v in {'a':1,'b':2})$v#end"), "12");
  EXPECT_EQ(Render("#foreach($e in {'a':1}.entrySet())x#end"),
            "ERROR line 1, column 23: expected ')', found '.'");
  EXPECT_EQ(Render("#set($m={'a':1,'b':2})#foreach($e in $m.entrySet())$e.key=$e.value;#end"),
            "a=1;b=2;");
  EXPECT_EQ(Render("#foreach($i in $nobody)x#end."), ".");
  EXPECT_EQ(Render("#foreach($i in [1..9])#if($i == 3)#break#end$i#end."), "12.");
  EXPECT_EQ(
      Render("#foreach($i in [1..2])#foreach($j in [1..2])$i$j$foreach.parent.count #end#end"),
      "111 121 212 222 ");
}

TEST(Template, Stops) { EXPECT_EQ(Render("a#foreach($i in [1..9])$i#stop#end b"), "a1"); }

TEST(Template, CallsMacros) {
  EXPECT_EQ(Render("#macro(pair $a $b)[$a,$b]#end#pair(1 'x')#pair($user, 2)"), "[1,x][5,2]");
  EXPECT_EQ(Render("#pair(1)"), "#pair(1)");  // there is none: text
}

TEST(Template, PutsReferencesIntoTexts) {
  EXPECT_EQ(Render("#set($x = \"u=$user #if(true)y#end\")$x"), "u=5 y");
  EXPECT_EQ(Render("#set($x = 'u=$user')$x"), "u=$user");
  EXPECT_EQ(Render("#set($x = \"say \"\"hi\"\"\")$x#set($y = 'it''s')$y"), "say \"hi\"it's");
}

TEST(Template, SharesListsAndMapsBetweenNames) {
  EXPECT_EQ(Render("#set($a = [])#set($b = $a)#set($done = $b.add(1))$a"), "[1]");
}

TEST(Template, WritesValuesAsJavaDoes) {
  EXPECT_EQ(Render("$probe.map"), "{a=1, b=[true, null, x]}");
}

TEST(Template, KnowsTheMethodsOfTexts) {
  EXPECT_EQ(Render("#set($t = 'Movie')$t.substring(1) $t.substring(1, 3) $t.indexOf('v') "
                   "$t.toUpperCase() $t.replace('o', '0') $t.contains('ov') $t.startsWith('M') "
                   "$t.split('v').size() $t.concat('s') $t.charAt(0) $t.matches('M.*e')"),
            "ovie ov 2 MOVIE M0vie true true 2 Movies M true");
  EXPECT_EQ(Render(R"x(#set($t = "it\'s")$t.replaceAll("\\'", "'"))x"), "it's");
  EXPECT_EQ(Render("#set($t = 'a\xF0\x9F\x8E\xAC"
                   "b')$t.length() $t.substring(3) $t.indexOf('b')"),
            "4 b 3");  // UTF-16 units, as in Java
}

TEST(Template, KnowsTheMethodsOfListsAndMaps) {
  EXPECT_EQ(Render("#set($l = [3, 4])$l.size() $l.get(1) $l.contains(3) $l.isEmpty() $l.indexOf(4) "
                   "$l.remove(0) $l"),
            "2 4 true false 1 3 [4]");
  EXPECT_EQ(Render("#set($m = {'k': 1})$m.size() $m.containsKey('k') $m.keySet() $m.values() "
                   "$!m.put('j', 2)$m.get('j') $m.k $m.remove('k') $m"),
            "1 true [k] [1] 2 1 1 {j=2}");
}

// ---- what is refused ----

TEST(Template, SaysWhereItCannotBeRead) {
  EXPECT_EQ(Render("a\n#if(true)\nb"),
            "ERROR line 3, column 2: the template ends before the #end of a directive");
  EXPECT_EQ(Render("{\n  #set($x 1)"), "ERROR line 2, column 11: expected '=', found '1'");
  EXPECT_EQ(Render("#set($x = )"), "ERROR line 1, column 11: expected a value, found ')'");
  EXPECT_EQ(Render("#end"), "ERROR line 1, column 1: #end has no directive that it belongs to");
  EXPECT_EQ(Render("#foreach($x of $y)#end"), "ERROR line 1, column 13: expected 'in', found 'o'");
  EXPECT_EQ(Render("#include('/etc/passwd')"),
            "ERROR line 1, column 1: the directive #include is not supported");
  EXPECT_EQ(Render("#set($x = 'a)"), "ERROR line 1, column 11: the text has no end");
  EXPECT_EQ(Render("${user"),
            "ERROR line 1, column 7: expected '}' of the reference before the "
            "template ends");
}

TEST(Template, SaysWhereItFailed) {
  EXPECT_EQ(Render("ok\n$user.getClass()"),
            "ERROR line 2, column 6: a text has no method getClass with 0 arguments");
  EXPECT_EQ(Render("$probe.getClass()"),
            "ERROR line 1, column 7: an object has no method getClass with 0 arguments");
  EXPECT_EQ(Render("$user.class"), "ERROR line 1, column 6: a text has no member class");
  EXPECT_EQ(Render("#set($x = 1 / 0)"), "ERROR line 1, column 15: a number cannot be divided by 0");
  EXPECT_EQ(Render("#set($x = 9223372036854775807 + 1)"),
            "ERROR line 1, column 33: the number is too large");
  EXPECT_EQ(Render("#set($x = [1])$x.get(1)"),
            "ERROR line 1, column 17: the list of 1 has no position 1");
  EXPECT_EQ(Render("#set($probe = 1)"), "ERROR line 1, column 1: $probe cannot be set");
  EXPECT_EQ(
      Render("$user.substring(9)"),
      "ERROR line 1, column 6: the method substring: position 9 is outside the text of length "
      "1");
}

TEST(Template, BoundsStepsOutputAndWhatItMakes) {
  const std::string forever =
      "#foreach($i in [1..1000])#foreach($j in [1..1000])#foreach($k in [1..1000])x#end#end#end";
  EXPECT_TRUE(Render(forever).starts_with("ERROR"));
  EXPECT_NE(Render("#foreach($i in [1..90])x#end", {.steps = 100}).find("too many steps"),
            std::string::npos);
  EXPECT_NE(Render("#foreach($i in [1..100])0123456789#end", {.output_bytes = 500})
                .find("the output is longer than 500 bytes"),
            std::string::npos);
  const std::string doubling = "#set($x = 'x')#foreach($i in [1..60])#set($x = $x + $x)#end";
  EXPECT_TRUE(Render(doubling).starts_with("ERROR"));
  EXPECT_TRUE(Render("#set($x = [1..999999999])").starts_with("ERROR"));
  EXPECT_TRUE(Render("#set($l = [])#set($d = $l.add($l))$l").starts_with("ERROR"));
  EXPECT_EQ(Render("#macro(m)#m()#end#m()"), "#m()");  // a macro does not know itself
}

TEST(Template, BoundsHowDeepItIsNested) {
  std::string deep = "#set($x = ";
  for (std::size_t i = 0; i < 10'000; ++i) deep += '(';
  EXPECT_NE(Render(deep).find("deep"), std::string::npos);
  std::string ifs;
  for (std::size_t i = 0; i < 10'000; ++i) ifs += "#if(true)";
  EXPECT_NE(Render(ifs).find("deep"), std::string::npos);
  std::string texts = "#set($x = ";
  for (std::size_t i = 0; i < 1000; ++i) texts += "[";
  EXPECT_NE(Render(texts).find("deep"), std::string::npos);
  std::string nots = "#if(";
  for (std::size_t i = 0; i < 10'000; ++i) nots += "!";
  EXPECT_NE(Render(nots + "true)#end").find("deep"), std::string::npos);
}

}  // namespace
}  // namespace usher::apigateway::vtl
