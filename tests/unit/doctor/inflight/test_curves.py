from speechsent.doctor.inflight.curves import overfitting, still_loss


def names(findings):
    return [finding.name for finding in findings]


def test_a_loss_that_keeps_its_first_three_digits_does_not_move():
    assert names(still_loss([1.7918, 1.7917, 1.7918, 1.7917], 80)) == ["loss-does-not-move"]
    assert names(still_loss([1.7918, 1.78, 1.7918, 1.7917], 80)) == []


def test_a_loss_that_came_down_and_stays_is_no_matter():
    assert names(still_loss([2.0, 0.1, 0.1, 0.1, 0.1], 80)) == []


def test_few_epochs_or_steps_tell_nothing():
    assert names(still_loss([1.0, 1.0, 1.0], 80)) == names(still_loss([1.0] * 5, 59)) == []


def test_validation_that_rises_for_five_epochs_is_overfitting():
    """The best is 1.0 in the third epoch; a tenth above it is 1.1."""
    training = [2.0, 1.5, 1.0, 0.8, 0.7, 0.6, 0.5, 0.4]
    rising = [2.0, 1.5, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6]
    (found,) = overfitting(training, rising, keeps_best=False)
    assert (found.name, found.severity, found.at) == ("overfitting", "warning", "from epoch 4")
    (kept,) = overfitting(training, rising, keeps_best=True)
    assert kept.severity == "note"
    assert names(overfitting(training[:-1], rising[:-1], keeps_best=False)) == []
    nearly = [*rising[:-1], 1.09]
    assert names(overfitting(training, nearly, keeps_best=False)) == []


def test_a_tenth_above_a_loss_below_0_is_nearer_to_0():
    """The best cosine similarity is -.95; -.948 is no worse to speak of, -.8 is."""
    training = [-0.9, -0.95, -0.96, -0.97, -0.975, -0.98, -0.985, -0.99]
    best = [-0.9, -0.95]
    assert names(overfitting(training, [*best, *[-0.948] * 6], keeps_best=False)) == []
    (found,) = overfitting(training, [*best, *[-0.8] * 6], keeps_best=False)
    assert found.at == "from epoch 3"


def test_where_training_rises_too_it_is_not_overfitting():
    training = [2.0, 1.5, 1.0, 1.2, 1.3, 1.4, 1.5, 1.6]
    assert names(overfitting(training, training, keeps_best=False)) == []


def test_without_validation_nothing_is_said():
    assert names(overfitting([2.0, 1.0], [], keeps_best=False)) == []
