// SPDX-License-Identifier: MPL-2.0
// What a row of a table of keys does, whatever its object is.
#include "bridge/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smsbridge::bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

enum class Size : std::uint8_t { small = 3, large = 7 };

struct Part {
  int weight = 2;
  std::optional<std::uint8_t> height;
};
struct Thing {
  std::string name = "thing", log;
  Size size = Size::large;
  std::vector<Size> sizes;
  std::optional<WallMs> wait;
  std::array<int, 3> rooms{1, 1, 1};
  Part part;
  std::vector<Part> parts;
};

const Choices<Size> size_choices = {{"small", Size::small}, {"large", Size::large}};

const Keys<Part>& part_keys() {
  using K = Keys<Part>;
  static const K keys(
      {
          K::integer("weight", &Part::weight, 1, 9, "What it weighs").checked([](ConfigSection& s, Part& part) {
            if (part.weight == 5) s.problem("weight", "is five", "bad-value");
          }),
          K::integer("height", &Part::height, 0, 255, "How high it is"),
      },
      [](ConfigSection& s, Part& part) {
        if (part.height && *part.height < part.weight) s.problem("", "is too heavy", "bad-value");
      });
  return keys;
}
void read_part(ConfigSection& s, Part& part) { part_keys().read(s, part); }
std::vector<KeyInfo> part_infos() { return part_keys().infos(); }

Keys<Thing>::Read says(const char* what, std::size_t times, const char* behind) {
  return [what, times, behind](ConfigSection&, Thing& thing) {
    for (std::size_t i = 0; i < times; ++i) thing.log += what;
    thing.log += behind;
  };
}

const Keys<Thing>& thing_keys() {
  using K = Keys<Thing>;
  static const K keys = [] {
    std::vector<K::Key> all;
    all.push_back(
        K::text("name", &Thing::name, "Its name").needed().checked(says("a", 2, ",")).checked(says("b", 1, "")));
    all.push_back(K::choice("size", &Thing::size, size_choices, "How large it is"));
    all.push_back(K::several("sizes", &Thing::sizes, size_choices, "How large it may be"));
    all.push_back(K::duration_ms("wait", &Thing::wait, 10, day, "How long it waits"));
    for (const std::size_t at : {std::size_t{0}, std::size_t{2}})
      all.push_back(K::integer(
          "room_" + std::to_string(at), [at](Thing& thing) -> int& { return thing.rooms[at]; }, 0, 9, "A room"));
    all.push_back(K::list<Part>(
        "parts", [](Thing& thing) -> Part& { return thing.parts.emplace_back(); }, read_part, part_infos, "Its parts"));
    all.push_back(K::section<Part>("part", &Thing::part, part_keys(), "Its own"));
    return K(std::move(all));
  }();
  return keys;
}

template <class Object>
std::vector<std::string> problems_of(const Keys<Object>& keys, Object& object, const std::string& yaml) {
  std::vector<ConfigProblem> problems;
  const std::filesystem::path folder;
  ConfigSection section(YAML::Load(yaml), "", "file", folder, problems);
  keys.read(section, object);
  section.finish();
  std::vector<std::string> lines;
  for (const auto& problem : problems) lines.push_back(problem.path + ": " + problem.text);
  return lines;
}

TEST(Keys, ReadWhatIsGivenAndLeaveTheRest) {
  Thing thing;
  EXPECT_THAT(problems_of(thing_keys(), thing,
                          "{name: x, size: small, sizes: [large, small], wait: 2s, room_2: 5, part: {height: 9}, "
                          "parts: [{weight: 3}, {height: 4}]}"),
              IsEmpty());
  EXPECT_EQ(thing.name, "x");
  EXPECT_EQ(thing.log, "aa,b") << "checks run in their order";
  EXPECT_EQ(thing.size, Size::small);
  EXPECT_THAT(thing.sizes, ElementsAre(Size::large, Size::small));
  EXPECT_EQ(thing.wait, 2000);
  EXPECT_THAT(thing.rooms, ElementsAre(1, 1, 5));
  EXPECT_EQ(thing.part.weight, 2);
  EXPECT_EQ(thing.part.height, 9);
  ASSERT_EQ(thing.parts.size(), 2u);
  EXPECT_EQ(thing.parts[0].weight, 3);
  EXPECT_EQ(thing.parts[1].height, 4);
  Thing plain;
  EXPECT_THAT(problems_of(thing_keys(), plain, "{name: y}"), IsEmpty());
  EXPECT_FALSE(plain.wait || plain.part.height) << "what is optional has no value of its own";
}

TEST(Keys, SayWhereAnythingIsWrong) {
  Thing thing;
  EXPECT_THAT(
      problems_of(thing_keys(), thing, "{size: huge, part: {weight: 5, height: 1}, parts: [{weight: 10}], room_1: 2}"),
      ElementsAre(": the key 'name' is missing", "size: 'huge' is not one of small, large",
                  "parts[0].weight: '10' is not a whole number from 1 to 9", "part.weight: is five",
                  "part: is too heavy", "room_1: unknown key 'room_1'; did you mean 'room_0'?"));
}

TEST(Keys, OfAPartStandAmongThoseOfTheWhole) {
  using K = Keys<Thing>;
  const K keys(part_keys().within<Thing>([](Thing& thing) -> Part& { return thing.part; }));
  Thing thing;
  EXPECT_THAT(problems_of(keys, thing, "{weight: 5, height: 9}"), ElementsAre("weight: is five"));
  EXPECT_EQ(thing.part.weight, 5);
  EXPECT_EQ(thing.part.height, 9);
  Thing usual;
  usual.part.weight = 8;
  EXPECT_EQ(keys.infos(usual).front().usual, 8);
}

TEST(Keys, TellWhatIsUsual) {
  const auto infos = thing_keys().infos();
  std::vector<std::string> lines;
  for (const auto& info : infos) lines.push_back(info.name + " " + boost::json::serialize(info.usual));
  EXPECT_THAT(lines, ElementsAre("name null", R"(size "large")", "sizes null", "wait null", "room_0 1", "room_2 1",
                                 "parts null", "part null"));
  EXPECT_THAT(infos[1].choices, ElementsAre("small", "large"));
  EXPECT_EQ(infos.back().inside.front().usual, 2);
  EXPECT_EQ(infos[6].inside.size(), 2u);
}

}  // namespace
}  // namespace smsbridge::bridge
