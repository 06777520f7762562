//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_UNIT_CODEC_ATTACHMENT_DOUBLES_HPP
#define STRAIT_TEST_UNIT_CODEC_ATTACHMENT_DOUBLES_HPP

#include <strait/codec.hpp>

#include <boost/asio/error.hpp>

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace codec_test {

// Keeps duplicates of the handles that a message carries.
struct attachments_out final : strait::detail::attachment_writer {
    std::vector<strait::handle> handles;
    std::vector<std::shared_ptr<const strait::detail::region>> regions;
    std::uint32_t senders = 0;

    std::uint32_t add(const strait::handle& h) override {
        strait::error_code ec;
        handles.push_back(h.duplicate(ec));
        if (ec) throw strait::system_error(ec);
        return static_cast<std::uint32_t>(handles.size() - 1);
    }
    std::uint32_t add(const std::shared_ptr<strait::detail::sender_core>&) override {
        return senders++;
    }
    std::uint32_t add(const std::shared_ptr<strait::detail::receiver_core>&) override { return 0; }
    std::uint32_t add(const std::shared_ptr<const strait::detail::region>& memory) override {
        regions.push_back(memory);
        return static_cast<std::uint32_t>(regions.size() - 1);
    }
    std::optional<std::uint32_t> add(std::shared_ptr<strait::detail::payload>&,
        std::span<const std::byte>) override {
        return std::nullopt;
    }
};

// Gives out each handle once.
struct attachments_in final : strait::detail::attachment_reader {
    std::vector<strait::handle> handles;
    std::vector<std::shared_ptr<const strait::detail::region>> regions;
    std::vector<strait::detail::type_identity> asked;

    explicit attachments_in(std::vector<strait::handle> h) : handles(std::move(h)) {}

    strait::handle take_handle(std::uint32_t index) override {
        if (index >= handles.size() || !handles[index].is_open())
            throw strait::system_error(strait::error::bad_attachment);
        return std::move(handles[index]);
    }
    std::shared_ptr<strait::detail::sender_core> take_sender(
        std::uint32_t, const strait::detail::type_identity& expected) override {
        asked.push_back(expected);
        return nullptr;
    }
    std::shared_ptr<strait::detail::receiver_core> take_receiver(
        std::uint32_t, const strait::detail::type_identity&) override {
        return nullptr;
    }
    std::shared_ptr<const strait::detail::region> take_region(std::uint32_t index) override {
        if (index >= regions.size()) throw strait::system_error(strait::error::bad_attachment);
        return regions[index];
    }
    strait::detail::payload_part take_payload(std::uint32_t) override {
        throw strait::system_error(strait::error::bad_attachment);
    }
};

// What an end looks like to the codec.
template <class T>
class fake_sender {
public:
    const void* context = nullptr;

private:
    friend struct strait::detail::end_access;

    void strait_save(strait::output_archive& ar) const {
        ar.put_number(ar.attachments().add(std::shared_ptr<strait::detail::sender_core>()));
    }

    void strait_load(strait::input_archive& ar) {
        const auto index = ar.get_number<std::uint32_t>();
        ar.attachments().take_sender(index, strait::detail::identity_of<T>());
        context = ar.context();
    }
};

}  // namespace codec_test

template <class T>
struct strait::detail::end_traits<codec_test::fake_sender<T>> {
    static constexpr std::string_view kind = "sender";
    using value_type = T;
};

#endif
