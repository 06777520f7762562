//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "codec_attachment_doubles.hpp"
#include "codec_tools.hpp"

#include <strait/boost_archive.hpp>

#include <boost/serialization/export.hpp>
#include <boost/serialization/shared_ptr.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>

#include <memory>
#include <string>

#include <fcntl.h>

using namespace codec_test;

namespace codec_boost_archive_types {

struct node {
    std::string name;
    std::shared_ptr<node> other;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & name & other;
    }
};

struct graph {
    std::vector<std::shared_ptr<node>> nodes;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & nodes;
    }
};

struct shape {
    virtual ~shape() = default;
    virtual int corners() const = 0;

    template <class Archive>
    void serialize(Archive&, const unsigned) {}
};

struct square : shape {
    int corners() const override { return 4; }

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar& boost::serialization::base_object<shape>(*this);
    }
};

struct drawing {
    std::shared_ptr<shape> what;
    strait::handle where;
    fake_sender<int> reply;

    template <class Archive>
    void serialize(Archive& ar, const unsigned) {
        ar & what & where & reply;
    }
};

struct envelope {
    int number = 0;
    graph content;
};

}  // namespace codec_boost_archive_types

namespace types = codec_boost_archive_types;

BOOST_CLASS_EXPORT(types::square)

template <>
struct strait::use_boost_archive<types::graph> : std::true_type {};
template <>
struct strait::use_boost_archive<types::drawing> : std::true_type {};

BOOST_AUTO_TEST_SUITE(codec_boost_archive)

BOOST_AUTO_TEST_CASE(shared_and_cyclic_pointers_survive_inside_a_plain_aggregate) {
    auto a = std::make_shared<types::node>();
    auto b = std::make_shared<types::node>();
    a->name = "a";
    b->name = "b";
    a->other = b;
    b->other = a;
    const types::envelope sent{7, {{a, b, a}}};
    const types::envelope got = round_trip(sent);
    a->other.reset();
    const auto& nodes = got.content.nodes;
    BOOST_TEST(got.number == 7);
    BOOST_TEST(nodes.size() == 3u);
    BOOST_CHECK(nodes[0] == nodes[2]);
    BOOST_CHECK(nodes[0]->other == nodes[1]);
    BOOST_CHECK(nodes[1]->other == nodes[0]);
    BOOST_TEST(nodes[1]->name == "b");
    nodes[0]->other.reset();
}

BOOST_AUTO_TEST_CASE(handles_and_ends_travel_in_the_archive_of_boost) {
    types::drawing d;
    d.what = std::make_shared<types::square>();
    d.where = strait::handle(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    strait::detail::byte_buffer out;
    attachments_out written;
    strait::output_archive oar(out, &written);
    strait::encode(d, oar);
    BOOST_TEST(written.handles.size() == 1u);
    BOOST_TEST(written.senders == 1u);

    attachments_in found(std::move(written.handles));
    strait::input_archive iar(out.bytes(), &found);
    iar.set_context(&found);
    types::drawing e;
    strait::decode(iar, e);
    BOOST_TEST(e.what->corners() == 4);
    BOOST_TEST(e.where.is_open());
    BOOST_CHECK(e.reply.context == &found);
}

BOOST_AUTO_TEST_CASE(what_the_archive_throws_becomes_a_code) {
    BOOST_TEST(decode_error<types::graph>({1, 0, 0, 0, 9}) == code(strait::error::bad_message));
    BOOST_TEST(decode_error<types::graph>({9, 0, 0, 0, 9}) == code(strait::error::bad_message));
}

BOOST_AUTO_TEST_SUITE_END()
