//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_attachment_doubles.hpp"
#include "codec_tools.hpp"

#include <boost/describe/class.hpp>
#include <boost/serialization/version.hpp>

#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <variant>

using strait::detail::fingerprint_of;
using strait::detail::type_name_of;

namespace codec_fingerprint_types {

struct job {
    int id;
    std::string name;
    std::vector<double> data;
};

struct same_structure {
    std::int32_t number;
    std::string text;
    std::deque<double> more;
};

class described {
public:
    described() = default;

private:
    int id_ = 0;
    std::string name_;
    std::vector<double> data_;
    BOOST_DESCRIBE_CLASS(described, (), (), (), (id_, name_, data_))
};

struct tree {
    int value;
    std::vector<tree> children;
};

struct other_tree {
    int value;
    std::vector<std::optional<other_tree>> children;
};

struct request {
    std::string name;
    codec_test::fake_sender<request> more;
};

struct serialized {
    int a = 0;
    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & a;
    }
};

struct holds_serialized {
    serialized s;
};

struct renamed {
    int a;
};

struct renamed_later {
    int a;
    int b;
};

struct by_hand {
    int a;
};

}  // namespace codec_fingerprint_types

using namespace codec_fingerprint_types;

template <>
struct strait::type_name<renamed> {
    static constexpr std::string_view value = "acme.thing.v1";
};

template <>
struct strait::type_name<renamed_later> {
    static constexpr std::string_view value = "acme.thing.v1";
};

template <>
struct strait::codec<by_hand> {
    static void encode(const by_hand& v, strait::output_archive& ar) {
        const auto reversed = static_cast<unsigned char>(255 - v.a);
        ar.save_binary(&reversed, 1);
    }
    static void decode(strait::input_archive& ar, by_hand& v) {
        unsigned char reversed = 0;
        ar.load_binary(&reversed, 1);
        v.a = 255 - reversed;
    }
    static constexpr std::uint64_t fingerprint() { return 42; }
};

BOOST_AUTO_TEST_SUITE(codec_fingerprints)

// Literals: every compiler and every build must find the same numbers, or programs that were built
// differently would not talk to each other. To change one is to change the protocol.
BOOST_AUTO_TEST_CASE(fingerprints_never_change) {
    BOOST_TEST(fingerprint_of<int>() == 0xe92fc389820cfbb6u);
    BOOST_TEST(fingerprint_of<job>() == 0x5542da8c220c497fu);
    BOOST_TEST(fingerprint_of<tree>() == 0x6a1cf73e52f6e8ffu);
    BOOST_TEST(fingerprint_of<request>() == 0x9169108428c3eaaeu);
    using map = std::map<std::string, std::variant<int, bool>>;
    BOOST_TEST(fingerprint_of<map>() == 0xa8e6d6191b60dc44u);
    BOOST_TEST(fingerprint_of<serialized>() == 0x74cd0fa63d423d28u);
    BOOST_TEST(fingerprint_of<renamed>() == 0x79f6e76a700c8778u);
}

BOOST_AUTO_TEST_CASE(reflected_types_have_constant_fingerprints) {
    static_assert(fingerprint_of<job>() != fingerprint_of<tree>());
    static_assert(strait::detail::has_constant_fingerprint<request>);
    static_assert(!strait::detail::has_constant_fingerprint<holds_serialized>);
    BOOST_TEST(fingerprint_of<holds_serialized>() != fingerprint_of<serialized>());
}

BOOST_AUTO_TEST_CASE(structure_decides_and_names_do_not) {
    BOOST_TEST(fingerprint_of<job>() == fingerprint_of<same_structure>());
    BOOST_TEST(fingerprint_of<job>() == fingerprint_of<described>());
    BOOST_TEST(fingerprint_of<long>() == fingerprint_of<long long>());
    BOOST_TEST(fingerprint_of<tree>() != fingerprint_of<other_tree>());
}

BOOST_AUTO_TEST_CASE(width_sign_and_kind_matter) {
    BOOST_TEST(fingerprint_of<int>() != fingerprint_of<unsigned>());
    BOOST_TEST(fingerprint_of<int>() != fingerprint_of<short>());
    BOOST_TEST(fingerprint_of<int>() != fingerprint_of<float>());
    BOOST_TEST(fingerprint_of<bool>() != fingerprint_of<unsigned char>());
    using two = std::array<int, 2>;
    using three = std::array<int, 3>;
    BOOST_TEST(fingerprint_of<two>() != fingerprint_of<three>());
    BOOST_TEST(fingerprint_of<std::list<int>>() != fingerprint_of<std::list<long>>());
    using std::chrono::seconds;
    using std::chrono::milliseconds;
    BOOST_TEST(fingerprint_of<seconds>() != fingerprint_of<milliseconds>());
    using flat = std::tuple<int, int, int>;
    using nested = std::tuple<std::tuple<int, int>, int>;
    BOOST_TEST(fingerprint_of<flat>() != fingerprint_of<nested>());
}

BOOST_AUTO_TEST_CASE(a_name_given_by_hand_decides) {
    BOOST_TEST(fingerprint_of<renamed>() == fingerprint_of<renamed_later>());
    BOOST_TEST(type_name_of<renamed>() == "acme.thing.v1");
}

BOOST_AUTO_TEST_CASE(names_for_people_are_readable) {
    BOOST_TEST(type_name_of<job>().find("job") != std::string_view::npos);
    BOOST_TEST(type_name_of<int>() == "int");
}

BOOST_AUTO_TEST_CASE(another_encoding_can_be_plugged_in) {
    static_assert(strait::encodable<by_hand>);
    BOOST_TEST(codec_test::encoded(by_hand{5}) == (codec_test::bytes{250}));
    BOOST_TEST(codec_test::round_trip(by_hand{5}).a == 5);
    const auto left_over = codec_test::decode_error<by_hand>({1, 2});
    BOOST_TEST(left_over == codec_test::code(strait::error::bad_message));
    BOOST_TEST(fingerprint_of<by_hand>() != fingerprint_of<renamed>());
}

BOOST_AUTO_TEST_SUITE_END()
