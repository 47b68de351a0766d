using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Models;

public sealed class ClassifierTests
{
    [Fact]
    public void A_module_is_frozen_for_the_audit_and_given_back_as_it_was()
    {
        using var module = torch.nn.Sequential(("l", torch.nn.Linear(3, 2)), ("d", torch.nn.Dropout(0.5)));
        module.train();
        using (var classifier = new TorchClassifier(module, [3], 2, batchSize: 4))
        {
            using Tensor x = torch.rand(10, 3).requires_grad_();
            classifier.Logits(x).sum().backward();
            // The sum of all logits of x has the column sums of the weight as its gradient.
            Tensor columns = module.get_parameter("l.weight")!.sum([0]);
            Assert.True(x.grad!.allclose(columns.expand_as(x), rtol: 1e-6, atol: 1e-7));
            Assert.All(module.parameters(), p => Assert.False(p.requires_grad));
            // Batches of 4 give what the whole gives, and dropout is off.
            Tensor whole = module.call(x).softmax(1);
            Assert.True(classifier.Probabilities(x).allclose(whole, rtol: 1e-6, atol: 1e-7));
            Assert.True(classifier.Predict(x).equal(whole.argmax(1)).all().item<bool>());
        }

        Assert.True(module.training);
        Assert.All(module.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Another_shape_is_refused_with_both_shapes()
    {
        using var module = torch.nn.Linear(3, 2);
        using var classifier = new TorchClassifier(module, [3], 2);
        string message = Assert.Throws<ShapeException>(() => classifier.Predict(torch.rand(5, 4))).Message;
        Assert.Contains("[5, 4]", message);
        Assert.Contains("[batch, 3]", message);
    }

    [Fact]
    public void A_delegate_is_a_classifier_and_is_held_to_its_shape()
    {
        var classifier = new DelegateClassifier([1], 2, x => torch.cat([x, 1 - x], 1));
        Assert.Equal(1, classifier.Predict(torch.tensor(new[] { 0.2f }).reshape(1, 1)).item<long>());
        var wrong = new DelegateClassifier([1], 3, x => torch.cat([x, 1 - x], 1));
        Assert.Throws<ShapeException>(() => wrong.Predict(torch.rand(4, 1)));
    }

    [Fact]
    public void Bounds_clip_each_feature_into_its_own_range()
    {
        InputBounds bounds = InputBounds.PerFeature([0, -1], [1, 5]);
        Tensor clipped = bounds.Clamp(torch.tensor(new float[,] { { 2, -3 }, { -1, 4 } }));
        Assert.Equal([1f, -1f, 0f, 4f], clipped.data<float>().ToArray());
        Assert.Throws<OptionsException>(() => InputBounds.Uniform(2, 1));
        Assert.Throws<ShapeException>(() => bounds.Clamp(torch.zeros(2, 3)));
    }
}
